#!/usr/bin/env python3
"""Writes the bill of materials of the released program: CycloneDX 1.6, what is linked into it and in which version.

    bom.py --version 0.1.0 --binary knapsack --root . --output knapsack-0.1.0.cdx.json
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import uuid

# What is linked statically: Debian's package that has the archive or the source, its library, its licence in SPDX.
DEBIAN = [
    ("libarchive-dev", "libarchive", "BSD-2-Clause"),
    ("libgcc-12-dev", "libgcc_eh", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    ("libsqlite3-dev", "SQLite", "blessing"),
    ("libssl-dev", "OpenSSL", "Apache-2.0"),
    ("libstdc++-12-dev", "libstdc++", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    ("libyaml-dev", "libyaml", "MIT"),
    ("libzstd-dev", "Zstandard", "BSD-3-Clause"),
    ("zlib1g-dev", "zlib", "Zlib"),
]


def output(*words):
    """What a command prints."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def debian(package, title, license_id):
    """A component from a Debian package."""
    form = "${source:Version} ${Architecture}"
    version, architecture = output("dpkg-query", "--show", f"--showformat={form}", package).split()
    kind = "expression" if " " in license_id else "license"
    return {
        "type": "library",
        "bom-ref": f"pkg:deb/debian/{package}@{version}",
        "name": title,
        "version": version,
        "purl": f"pkg:deb/debian/{package}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={architecture}",
        "licenses": [{"expression": license_id} if kind == "expression" else {"license": {"id": license_id}}],
    }


def swift(root):
    """Swift's runtime, and the packages that Package.resolved pins."""
    version = re.search(r"Swift version ([0-9.]+)", output("swift", "--version")).group(1)
    runtime = "Apache-2.0 WITH Swift-exception"
    components = [
        {
            "type": "library",
            "bom-ref": f"swift-runtime@{version}",
            "name": "Swift standard library, Dispatch and FoundationEssentials",
            "version": version,
            "licenses": [{"expression": runtime}],
            "externalReferences": [{"type": "website", "url": "https://www.swift.org"}],
        }
    ]
    pins = json.loads((root / "Package.resolved").read_text(encoding="utf-8"))["pins"]
    for pin in sorted(pins, key=lambda pin: pin["identity"]):
        place = pin["location"].removeprefix("https://").removesuffix(".git")
        components.append(
            {
                "type": "library",
                "bom-ref": f"pkg:swift/{place}@{pin['state']['version']}",
                "name": pin["identity"],
                "version": pin["state"]["version"],
                "purl": f"pkg:swift/{place}@{pin['state']['version']}",
                "licenses": [{"expression": runtime}],
            }
        )
    return components


def main():
    """Reads the arguments and writes the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", required=True)
    for name in ["binary", "root", "output"]:
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    digest = hashlib.sha256(arguments.binary.read_bytes()).hexdigest()
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    program = f"pkg:pypi/knapsack-packer@{arguments.version}"
    components = sorted([*swift(arguments.root), *(debian(*row) for row in DEBIAN)], key=lambda item: item["bom-ref"])
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": program,
                "name": "knapsack",
                "version": arguments.version,
                "purl": program,
                "hashes": [{"alg": "SHA-256", "content": digest}],
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [{"ref": program, "dependsOn": [item["bom-ref"] for item in components]}],
    }
    arguments.output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
