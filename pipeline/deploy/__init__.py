"""Builds the services' packages and deploys the stacks of one stage, on AWS and on the laptop alike.

The modules follow the way of a change:

=======================  =====================================================================
``deploy.templates``     reads the CloudFormation templates: exports, imports, functions
``deploy.graph``         who needs whom, and therefore the order of deployment
``deploy.wheels``        wotr-common's wheels, of the working tree and of older tags
``deploy.packages``      one zip per service, the same bytes for the same input
``deploy.dependencies``  a service's locked dependencies, installed and pruned
``deploy.bytecode``      bytecode that works in a zip and is the same everywhere
``deploy.archive``       zips and the hash of their content
``deploy.imports``       proof that a zip imports, and from bytecode alone
``deploy.artifacts``     the artifact bucket and the packaged template
``deploy.changesets``    one stack: change set, events, outcome
``deploy.settings``      parameters given on the command line
``deploy.run``           all of that for a stage
``deploy.outputs``       notes/outputs.md
=======================  =====================================================================
"""
