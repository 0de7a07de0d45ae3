"""The AWS emulator, the deployment to it, and the setup."""
