#!/usr/bin/env python3
"""The Azure SDK for Python at the practice cloud, as in any program of Microsoft's customers: nothing in it is set up for
practice.

    azure_sdk.py HANDCLASP

It believes that it talks to Azure's public cloud, over TLS: name resolution takes the public names to the port of
`practice serve --tls`, and the authority of that run is trusted. No other name is looked up."""
import json
import os
import re
import socket
import subprocess
import sys
import threading
import webbrowser
from contextlib import contextmanager
from html import unescape
from urllib.parse import urlsplit

import requests

ADA = "ada@contoso.onmicrosoft.com"
GRAPH = "https://graph.microsoft.com"
ARM = "https://management.azure.com"
OURS = re.compile(r"^(login\.microsoftonline\.com|graph\.microsoft\.com|management\.azure\.com|.*\.azurewebsites\.net)$")


@contextmanager
def practice(handclasp):
    """A practice cloud in which Ada's sign-ins succeed with nobody at the page, and which lists two at a time."""
    command = [handclasp, "practice", "serve", "workshop", "--tls", "--auto-approve", "grace"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()


def lead_here(line):
    """The public names lead to this run, whose authority is trusted; every other name leads nowhere."""
    port = urlsplit(line["origin"]).port
    ask, asked = socket.getaddrinfo, set()

    def resolve(host, service, *rest, **more):
        name = host.decode() if isinstance(host, bytes) else host
        if name in ("127.0.0.1", "localhost"):
            return ask(host, service, *rest, **more)
        if not OURS.match(name) or service not in (443, "443"):
            raise socket.gaierror(socket.EAI_NONAME, f"{name} is not for this test")
        asked.add(name)
        return ask("127.0.0.1", port, *rest, **more)

    socket.getaddrinfo = resolve
    os.environ["REQUESTS_CA_BUNDLE"] = line["ca_file"]
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    return asked


class Person:
    """Opens what a program asks to be opened, and presses the button that a page without scripts shows."""

    def __init__(self):
        self.opened, self.pages = [], []

    def open(self, url, *_, **__):
        self.opened.append(url)
        threading.Thread(target=self.visit, args=(url,), daemon=True).start()
        return True

    def visit(self, url):
        page = requests.get(url, timeout=30)
        action = re.search(r'<form method="post" action="([^"]*)"', page.text)
        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
        if action:
            form = {unescape(name): unescape(value) for name, value in fields}
            page = requests.post(unescape(action[1]), data=form, timeout=30)
        self.pages.append(page)


def by_secret(line):
    from azure.identity import ClientSecretCredential

    client = line["client"]
    credential = ClientSecretCredential(line["tenant"]["id"], client["id"], client["secret"])
    # The SDK's own way to name a resource, and the one with two slashes for a name that ends with one.
    for scope in [f"{ARM}/.default", f"{ARM}//.default", "https://management.core.windows.net//.default"]:
        token = credential.get_token(scope).token
        listed = requests.get(f"{ARM}/tenants?api-version=2022-12-01", headers=bearer(token), timeout=30)
        assert listed.json()["value"][0]["tenantId"] == line["tenant"]["id"], (scope, listed.text)


def by_browser(line):
    """The newest MSAL takes the code by a form that is posted back, and no other way."""
    from azure.identity import InteractiveBrowserCredential

    person = Person()
    webbrowser.open = person.open
    webbrowser.get = lambda *_: person
    credential = InteractiveBrowserCredential(tenant_id=line["tenant"]["id"], timeout=30)
    me = requests.get(f"{GRAPH}/v1.0/me", headers=bearer(credential.get_token(f"{GRAPH}/.default").token), timeout=30)
    assert me.json()["userPrincipalName"].startswith("grace@"), me.text
    assert "response_mode=form_post" in person.opened[0], person.opened


def by_device_code():
    """Without a tenant: the token says which one it is."""
    from azure.identity import DeviceCodeCredential

    prompts = []
    credential = DeviceCodeCredential(prompt_callback=lambda *prompt: prompts.append(prompt))
    record = credential.authenticate(scopes=[f"{ARM}/.default"])
    assert prompts[0][0] == "https://microsoft.com/devicelogin" and prompts[0][1], prompts
    assert record.username.startswith("grace@") and record.tenant_id, record.serialize()
    return credential


def bearer(token, **more):
    return {"Authorization": f"Bearer {token}", **more}


def lists(line, credential):
    """Everything that is there comes through the SDK's own paging, two at a time."""
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.mgmt.resource.subscriptions import SubscriptionClient
    from azure.mgmt.web import WebSiteManagementClient

    subscription, group = line["subscription"], line["resource_group"]
    known = SubscriptionClient(credential)
    assert [found.subscription_id for found in known.subscriptions.list()] == [subscription]
    assert [found.tenant_id for found in known.tenants.list()] == [line["tenant"]["id"]]
    assert "westeurope" in [place.name for place in known.subscriptions.list_locations(subscription)]

    resources = ResourceManagementClient(credential, subscription)
    assert [found.name for found in resources.resource_groups.list()] == [group]
    assert resources.resource_groups.check_existence(group)
    assert not resources.resource_groups.check_existence("contoso-nothing")
    assert resources.providers.get("Microsoft.Web").registration_state == "Registered"
    assert "Microsoft.Web" in [provider.namespace for provider in resources.providers.list()]
    sites = list(resources.resources.list(filter="resourceType eq 'Microsoft.Web/sites'"))

    web = WebSiteManagementClient(credential, subscription)
    apps = list(web.web_apps.list())
    names = [app.name for app in apps]
    assert line["app"]["name"] in names and len(names) > 30 and len(set(names)) == len(names), names
    assert sorted(site.name for site in sites) == sorted(names)
    assert sorted(app.name for app in web.web_apps.list_by_resource_group(group)) == sorted(names)
    assert len(list(web.app_service_plans.list())) == len(names)
    app = web.web_apps.get(group, line["app"]["name"])
    assert app.default_host_name == line["app"]["host"] and "functionapp" in app.kind
    functions = [found.name for found in web.web_apps.list_functions(group, app.name)]
    assert functions == [f"{app.name}/{line['app']['function']}"], functions
    assert web.web_apps.get_auth_settings_v2_without_secrets(group, app.name).platform is not None
    return len(names)


def directory(credential):
    """Counts and pages as OData has them."""
    token = credential.get_token(f"{GRAPH}/.default").token

    def get(path, **headers):
        answer = requests.get(f"{GRAPH}/v1.0{path}", headers=bearer(token, **headers), timeout=30)
        assert answer.status_code == 200, answer.text
        return answer

    eventual = {"ConsistencyLevel": "eventual"}
    first = get("/users?$count=true&$top=10&$select=id,userPrincipalName", **eventual).json()
    people, link = list(first["value"]), first["@odata.nextLink"]
    while link:
        page = requests.get(link, headers=bearer(token, **eventual), timeout=30).json()
        people, link = people + page["value"], page.get("@odata.nextLink")
    assert len(people) == first["@odata.count"] == int(get("/users/$count", **eventual).text), len(people)
    assert first["@odata.context"] == f"{GRAPH}/v1.0/$metadata#users(id,userPrincipalName)"
    assert get("/me/memberOf").json()["value"][0]["@odata.type"] == "#microsoft.graph.directoryRole"
    info = requests.get(f"{GRAPH}/oidc/userinfo", headers=bearer(token), timeout=30).json()
    assert info["email"].startswith("grace@") and info["sub"], info
    return len(people)


def endpoints():
    """What a client reads that knows Resource Manager's address only."""
    cloud = requests.get(f"{ARM}/metadata/endpoints?api-version=2022-09-01", timeout=30).json()
    assert cloud["name"] == "AzureCloud", cloud
    assert cloud["authentication"]["loginEndpoint"] == "https://login.microsoftonline.com", cloud
    listed = requests.get(f"{ARM}/metadata/endpoints?api-version=2019-05-01", timeout=30).json()
    assert [entry["resourceManager"] for entry in listed] == [f"{ARM}/"], listed


def main():
    with practice(sys.argv[1]) as line:
        asked = lead_here(line)
        paging = requests.post(f"{line['control']}/switches", json={"page_size": 2}, timeout=30)
        assert paging.status_code == 200, paging.text
        endpoints()
        by_secret(line)
        print("client secret: admitted, scopes with one and two slashes")
        by_browser(line)
        print("browser: signed in, the code posted back by a form")
        credential = by_device_code()
        print("device code: signed in")
        print(f"lists: {lists(line, credential)} apps, two at a time, and {directory(credential)} people, ten at a time")
        unknown = requests.get(f"{line['control']}/unknown", timeout=30).json()
        assert unknown == [], unknown
        print(f"the Azure SDK asked {', '.join(sorted(asked))}, and nothing that they do not have")


main()
