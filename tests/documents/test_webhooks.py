"""The requests and the receiver's code of docs/webhooks.md."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from app.core.signing import new_webhook_secret, webhook_headers
from app.egress.http_client import EgressError
from tests.documents.pages import blocks, commands, run, text_of
from tests.support.service import Service, wait_until

WEBHOOKS = "docs/webhooks.md"


@pytest.mark.block("docs/webhooks.md", "Webhooks")
def test_the_curl_lines_of_a_webhook_show_it_and_send_it_again(service: Service, tmp_path: Path) -> None:
    user = service.user("told")
    shell = partial(run, KEY=user.key["apiKey"], URL=service.address, folder=tmp_path)
    job_id = user.submitted(webhookUrl="https://nowhere.invalid/hook")
    look, redeliver = (line.replace("JOB_ID", job_id) for line in commands(WEBHOOKS, "Webhooks"))

    tried = wait_until(
        lambda: (found := json.loads(shell(look))["deliveries"]) and found[0]["tries"] and found[0]
    )
    (word,) = {one["error"] for one in tried["tries"]}
    answer = json.loads(shell(redeliver.replace("DELIVERY_ID", tried["id"])))

    assert f"`{word}`" in text_of(WEBHOOKS)
    assert answer == {"success": True, "message": "Webhook will be sent again"}


def test_the_code_that_verifies_a_webhook_does() -> None:
    with_library, without = blocks(WEBHOOKS, "Webhooks", "python")
    names: dict[str, Any] = {}
    exec(with_library.code + without.code, names)
    secret, body = new_webhook_secret(), b'{"jobId": "a"}'
    headers = webhook_headers(
        message_id="msg_1",
        timestamp_seconds=int(time.time()),
        body=body,
        event="job.failed",
        secrets=[secret],
    )

    assert names["job_told"](body, headers, secret) == {"jobId": "a"}
    assert names["is_ours"](body, headers, secret)
    with pytest.raises(WebhookVerificationError):
        names["job_told"](body + b" ", headers, secret)
    assert not names["is_ours"](body + b" ", headers, secret)


def test_every_word_for_a_try_without_an_answer_is_named() -> None:
    words = {error.error_class for error in EgressError.__subclasses__()}

    assert {word for word in words if f"`{word}`" not in text_of(WEBHOOKS)} == set()
