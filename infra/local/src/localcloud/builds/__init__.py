"""CodeBuild: projects whose builds run as processes of this machine (inside the server)."""
