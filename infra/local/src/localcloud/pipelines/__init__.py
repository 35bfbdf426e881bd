"""CodePipeline on the local cloud: definitions, executions, and a module for each provider of actions."""
