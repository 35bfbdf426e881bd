"""CodeDeploy for Lambda on the local cloud: applications, groups, configurations and deployments."""
