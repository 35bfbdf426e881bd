"""The house rules for CloudFormation templates, as rules of cfn-lint.

cfn-lint loads every module here whose name begins with a letter (``--append-rules tools/template_rules``) and
shows SAM templates as written, with Globals merged. An exception is written beside what it is about, with its
reason, on the resource::

    Metadata:
      wotr:
        exceptions:
          E9005: why this resource need not keep that rule
        wildcards:
          SidOfTheStatement: why "*" is right there
        unused:
          SidOrAction: why the role has what no test makes it use
"""
