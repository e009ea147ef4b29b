"""Signature vectors made with HubSpot's own Python client (PyPI hubspot-api-client 12.0.0).

Run it by hand when the vectors must change; CI reads the committed file only.

    pip install hubspot-api-client==12.0.0
    python tests/vectors/generate.py > tests/vectors/signatures.jsonl
"""
import json
import random

from hubspot.utils.signature import Signature

RANDOM = random.Random(20261124)
ALPHABET = "abcXYZ019 _-\"\\{}[]:,.éßЖ中🚀\u2028\u00a0\n\t"


def text(longest):
    return "".join(RANDOM.choice(ALPHABET) for _ in range(RANDOM.randint(0, longest)))


def url():
    path = "".join(RANDOM.choice("abcdefghij0123456789-_/") for _ in range(RANDOM.randint(1, 24)))
    query = ""
    if RANDOM.random() < 0.3:
        query = "?" + "&".join(f"k{n}={RANDOM.randint(0, 9999)}" for n in range(RANDOM.randint(1, 3)))
    return f"https://hooks{RANDOM.randint(0, 99)}.example.com/{path}{query}"


def body():
    if RANDOM.random() < 0.3:
        return text(200)
    events = []
    for _ in range(RANDOM.randint(1, 5)):
        events.append({
            "eventId": RANDOM.randint(1, 2**33),
            "subscriptionId": RANDOM.randint(1, 2**24),
            "portalId": 12345678,
            "occurredAt": RANDOM.randint(1600000000000, 1900000000000),
            "subscriptionType": "contact.propertyChange",
            "attemptNumber": RANDOM.randint(0, 10),
            "objectId": RANDOM.randint(1, 2**40),
            "propertyName": "lifecyclestage",
            "propertyValue": text(40),
            "changeSource": "CRM_UI",
        })
    return json.dumps(events, ensure_ascii=RANDOM.random() < 0.5)


def main():
    for number in range(1000):
        version = ("v3", "v3", "v3", "v1", "v2")[number % 5]
        secret = "%08x-%04x" % (RANDOM.getrandbits(32), RANDOM.getrandbits(16))
        method = RANDOM.choice(["POST", "POST", "POST", "GET", "PUT"])
        timestamp = RANDOM.randint(1600000000000, 1900000000000)
        uri, content = url(), body()
        signature = Signature.get_signature(
            secret, content, version, http_uri=uri, http_method=method, timestamp=timestamp)
        print(json.dumps({
            "version": version, "secret": secret, "method": method, "url": uri,
            "timestamp": str(timestamp), "body": content, "signature": signature,
        }))


main()
