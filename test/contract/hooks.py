"""Gives half of the generated requests the id of an existing job, and leaves out what no schema can describe."""
import os

import schemathesis

EXISTING = {"id": os.environ["CONTRACT_JOB"], "attempt": os.environ["CONTRACT_ATTEMPT"]}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if path_parameters and sum(map(ord, str(path_parameters))) % 2 == 0:
        return {name: EXISTING.get(name, value) for name, value in path_parameters.items()}
    return path_parameters


@schemathesis.hook
def filter_body(context, body):
    """Whether the bytes in data_base64 fit depends on datacontenttype, which no schema can say."""
    return not (isinstance(body, dict) and isinstance(body.get("data_base64"), str))
