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


# What any HTTP server sends.
UNTOLD = {"connection", "content-length", "content-type", "date", "keep-alive", "transfer-encoding"}


@schemathesis.check
def documented_headers(ctx, response, case):
    """Every header of an answer is in the document."""
    answers = case.operation.definition.raw["responses"]
    told = {name.lower() for name in answers.get(str(response.status_code), {}).get("headers", {})}
    more = sorted(set(response.headers) - told - UNTOLD)
    assert more == [], f"{response.status_code} has undocumented headers: {', '.join(more)}"
