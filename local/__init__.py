"""The local AWS and the deployment to it."""
