"""The sandbox on the command line, as a person starts it."""

import subprocess
import sys
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]


def started(*arguments):
    """Start it, with a day of life behind the shop."""
    return subprocess.Popen(  # noqa: S603  # the project's own command
        [sys.executable, "-m", "sandbox", "--days", "1", "--seed", "3", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_person_can_start_it_let_time_pass_and_ask():
    with started() as process:
        shop, token = process.stdout.readline().removeprefix("shop").split("access token")
        segment, key = process.stdout.readline().removeprefix("segment").split("write key")
        answer = requests.post(
            f"{shop.strip()}/admin/api/2026-10/graphql.json",
            json={"query": "query Mine { orders(first: 3) { nodes { name } } }"},
            headers={"X-Shopify-Access-Token": token.strip()},
            timeout=10,
        )
        assert answer.json()["data"]["orders"]["nodes"][0]["name"] == "#1001"
        settings = segment.strip().replace("/v1/batch", f"/v1/projects/{key.strip()}/settings")
        assert requests.get(settings, timeout=10).status_code == 200
        said, _ = process.communicate("24\nstatus\ncalls\nevents\nwhat\nquit\n")
    assert process.returncode == 0
    assert "things happened" in said
    assert "1 Mine 200" in said
    assert "what?" in said


def test_the_shop_may_speak_another_platform():
    with started("--platform", "prestashop") as process:
        shop, key = process.stdout.readline().removeprefix("shop").split("webservice key")
        answer = requests.get(
            f"{shop.strip()}/api/orders?output_format=JSON&display=[id]&limit=1",
            auth=(key.strip(), ""),
            timeout=10,
        )
        assert answer.json() == {"orders": [{"id": 1}]}
        said, _ = process.communicate("calls\nquit\n")
    assert process.returncode == 0
    assert "1 orders 200" in said


def test_the_shop_may_be_an_elastic_path_store():
    with started("--platform", "elasticpath") as process:
        shop, client = process.stdout.readline().removeprefix("shop").split("client id")
        client, secret = client.split("client secret")
        form = {
            "grant_type": "client_credentials",
            "client_id": client.strip(),
            "client_secret": secret.strip(),
        }
        token = requests.post(f"{shop.strip()}/oauth/access_token", data=form, timeout=10).json()
        answer = requests.get(
            f"{shop.strip()}/v2/orders?page[limit]=1",
            headers={"Authorization": f"Bearer {token['access_token']}"},
            timeout=10,
        )
        assert [each["type"] for each in answer.json()["data"]] == ["order"]
        said, _ = process.communicate("calls\nquit\n")
    assert process.returncode == 0
    assert "1 orders 200" in said


def test_help_says_what_there_is():
    said = subprocess.run(
        [sys.executable, "-m", "sandbox", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for option in ("--seed", "--platform", "--orders-per-day", "--faults", "HOURS"):
        assert option in said.stdout
