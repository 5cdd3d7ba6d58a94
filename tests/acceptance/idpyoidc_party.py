"""A relying party on idpyoidc: everything by its own handler, from discovery to userinfo.

Runs in an environment of its own; says and hears the same lines as the other parties.
"""

from __future__ import annotations

import json
import sys
from urllib.parse import parse_qsl, urlsplit

from idpyoidc.client.rp_handler import RPHandler


def say(told: dict[str, object]) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


wanted = json.loads(sys.argv[1])
PKCE = "idpyoidc.client.oauth2.add_on.pkce.add_support"
handler = RPHandler(
    base_url="https://client.example",
    client_configs={
        "vitalwire": {
            "issuer": wanted["issuer"],
            "client_id": wanted["client_id"],
            "client_secret": wanted["client_secret"],
            "client_type": "oidc",
            "redirect_uris": [wanted["redirect_uri"]],
            "response_types_supported": ["code"],
            "scopes_supported": wanted["scope"].split(" "),
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "subject_types_supported": ["pairwise"],
            "add_ons": {
                "pkce": {
                    "function": PKCE,
                    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
                }
            },
        }
    },
    keyjar=None,
)
url = handler.begin("vitalwire", req_args={"scope": wanted["scope"].split(" ")})
say({"url": url})
back = dict(parse_qsl(urlsplit(sys.stdin.readline().strip()).query))
done = handler.finalize(wanted["issuer"], back)
if "error" in done:
    sys.exit(f"idpyoidc refuses: {done}")
say(
    {
        "claims": done["id_token"].to_dict(),
        "userinfo": done["userinfo"].to_dict(),
        "has_token": bool(done["token"]),
    }
)
