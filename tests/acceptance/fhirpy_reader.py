"""A hospital's script on fhirpy: finds an encounter, reads all that hangs on it, tells what it saw.

Runs in an environment of its own; takes one JSON argument and prints one JSON line.
"""

from __future__ import annotations

import json
import sys

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import ResourceNotFound

wanted = json.loads(sys.argv[1])
client = SyncFHIRClient(wanted["base"], authorization=f"Bearer {wanted['token']}")
encounter = client.reference("Encounter", wanted["encounter"]).to_resource()
readings = client.resources("Observation").search(encounter=encounter)
saturation = readings.search(code="http://loinc.org|2708-6").sort("-date")
newest = saturation.limit(3).fetch()
pages = readings.limit(25).fetch_all()
included = saturation.limit(1).include("Observation", "patient").include("Observation", "device")
bundle = included.fetch_raw()
try:
    client.reference("Encounter", "00000000-0000-4000-8000-000000000000").to_resource()
    absent = "there"
except ResourceNotFound:
    absent = "absent"
told = {
    "status": encounter["status"],
    "patient": encounter["subject"].to_resource()["gender"],
    "readings": sorted(one["id"] for one in pages),
    "counted": readings.count(),
    "newest": [one["effectiveDateTime"] for one in newest],
    "units": sorted({one.get_by_path(["valueQuantity", "unit"], "") for one in newest}),
    "along": sorted(one["resource"]["resourceType"] for one in bundle["entry"]),
    "since": len(saturation.search(date__gt=newest[0]["effectiveDateTime"]).fetch()),
    "devices": len(client.resources("Device").fetch_all()),
    "open": len(client.resources("Encounter").search(status="in-progress").fetch_all()),
    "absent": absent,
}
sys.stdout.write(json.dumps(told) + "\n")
