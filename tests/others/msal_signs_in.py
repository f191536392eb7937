#!/usr/bin/env python3
"""MSAL for Python signs in to the practice cloud, as any program of Microsoft's customers would.

    msal_signs_in.py HANDCLASP

MSAL wants https and an authority that it knows. It is left in that belief: it is given the public authority with its usual checks
(instance discovery included), and a transport that takes the public names to the loopback port of `practice serve`, saying in
X-Forwarded-Host which name was meant, as a proxy with TLS in front would. Nothing else is bent; no host of Microsoft's is asked."""
import json
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

import jwt
import msal
import requests

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
LOGIN = "login.microsoftonline.com"
GRAPH = ["https://graph.microsoft.com/.default"]
ARM = ["https://management.core.windows.net//.default"]
ADA = "ada@contoso.onmicrosoft.com"


class Transport:
    """Takes requests for public names to the practice cloud. What MSAL asks of an HTTP client, and no redirects."""

    def __init__(self, origin):
        self.origin = origin
        self.session = requests.Session()
        self.session.trust_env = False
        self.asked = []

    def send(self, method, url, headers=None, **how):
        parts = urlsplit(url)
        assert parts.scheme == "https", f"not https: {url}"
        headers = {**(headers or {}), "X-Forwarded-Host": parts.netloc, "X-Forwarded-Proto": "https"}
        query = f"?{parts.query}" if parts.query else ""
        self.asked.append(f"{method} {parts.netloc}{parts.path}")
        how.pop("allow_redirects", None)
        return self.session.request(
            method, f"{self.origin}{parts.path}{query}", headers=headers, allow_redirects=False, **how
        )

    def get(self, url, **how):
        return self.send("GET", url, **how)

    def post(self, url, **how):
        return self.send("POST", url, **how)

    def close(self):
        self.session.close()


@contextmanager
def practice(handclasp):
    """A practice cloud in which Ada's sign-ins succeed with nobody at the page."""
    command = [handclasp, "practice", "serve", "finished", "--auto-approve", "ada"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()


class Desk:
    def __init__(self, line):
        self.line = line
        self.tenant = line["tenant"]["id"]
        self.authority = f"https://{LOGIN}/{self.tenant}"
        self.http = Transport(line["origin"])

    def public(self, **how):
        return msal.PublicClientApplication(AZURE_CLI, authority=self.authority, http_client=self.http, **how)

    def got(self, answer):
        assert "access_token" in answer, answer
        return answer

    def claims(self, token, audience, issuer):
        """The claims of a token whose signature holds by the published keys."""
        keys = jwt.PyJWKSet.from_dict(self.http.get(f"{self.authority}/discovery/v2.0/keys").json())
        kid = jwt.get_unverified_header(token)["kid"]
        return jwt.decode(token, keys[kid], algorithms=["RS256"], audience=audience, issuer=issuer)

    def signed_in(self, answer):
        """It is Ada, by an id token that holds, and Graph says so too."""
        claims = self.claims(answer["id_token"], AZURE_CLI, f"{self.authority}/v2.0")
        assert claims["preferred_username"] == ADA and claims["tid"] == self.tenant, claims
        assert answer["id_token_claims"]["oid"] == claims["oid"], answer
        me = self.http.get("https://graph.microsoft.com/v1.0/me", headers=bearer(answer)).json()
        assert me["userPrincipalName"] == ADA and me["id"] == claims["oid"], me


def bearer(answer):
    return {"Authorization": f"Bearer {answer['access_token']}"}


def by_device_code(desk):
    app = desk.public()
    flow = app.initiate_device_flow(scopes=GRAPH)
    assert flow.get("user_code") and flow["verification_uri"].endswith("/devicelogin"), flow
    desk.signed_in(desk.got(app.acquire_token_by_device_flow(flow)))
    return app


def a_second_resource_by_refresh_token(desk, app):
    (account,) = app.get_accounts(username=ADA)
    tokens = [call for call in desk.http.asked if call.endswith("/token")]
    arm = desk.got(app.acquire_token_silent(ARM, account=account))
    assert len([call for call in desk.http.asked if call.endswith("/token")]) == len(tokens) + 1
    url = "https://management.azure.com/subscriptions?api-version=2022-12-01"
    listed = desk.http.get(url, headers=bearer(arm))
    assert listed.json()["value"][0]["subscriptionId"] == desk.line["subscription"], listed.text
    assert desk.http.get("https://graph.microsoft.com/v1.0/me", headers=bearer(arm)).status_code == 401
    # Now both are in the cache, and nobody is asked again.
    asked = len(desk.http.asked)
    desk.got(app.acquire_token_silent(GRAPH, account=account))
    assert len(desk.http.asked) == asked


def by_authorization_code(desk, **how):
    app = desk.public()
    redirect = "http://localhost:50123"
    flow = app.initiate_auth_code_flow(scopes=GRAPH, redirect_uri=redirect, **how)
    # The browser's part: the page approves by itself and sends the browser back.
    page = desk.http.get(flow["auth_uri"])
    assert page.status_code == 302 and page.headers["location"].startswith(f"{redirect}/?"), page.text
    back = dict(parse_qsl(urlsplit(page.headers["location"]).query))
    desk.signed_in(desk.got(app.acquire_token_by_auth_code_flow(flow, back)))
    # A code is good once.
    again = desk.public().acquire_token_by_auth_code_flow(dict(flow), back)
    assert again["error"] == "invalid_grant" and again["error_codes"] == [54005], again


def by_client_credentials(desk):
    client = desk.line["client"]

    def app(secret):
        return msal.ConfidentialClientApplication(
            client["id"], client_credential=secret, authority=desk.authority, http_client=desk.http
        )

    answer = desk.got(app(client["secret"]).acquire_token_for_client(GRAPH))
    assert "id_token" not in answer and "refresh_token" not in answer, answer.keys()
    listed = desk.http.get("https://graph.microsoft.com/v1.0/applications", headers=bearer(answer))
    assert any(entry["appId"] == client["id"] for entry in listed.json()["value"]), listed.text
    refused = app("abc8Q~not-the-value").acquire_token_for_client(GRAPH)
    assert refused["error"] == "invalid_client" and refused["error_codes"] == [7000215], refused


def main():
    with practice(sys.argv[1]) as line:
        desk = Desk(line)
        app = by_device_code(desk)
        print("device code: signed in")
        a_second_resource_by_refresh_token(desk, app)
        print("refresh token: redeemed for a second resource")
        by_authorization_code(desk)
        by_authorization_code(desk, login_hint=ADA, prompt="select_account")
        print("authorization code with PKCE: signed in")
        by_client_credentials(desk)
        print("client credentials: admitted, and a wrong secret refused")
        calls = sorted({call.replace(desk.tenant, "TENANT") for call in desk.http.asked})
        print(f"MSAL {msal.__version__} asked {len(desk.http.asked)} times for: {', '.join(calls)}")


main()
