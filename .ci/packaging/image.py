#!/usr/bin/env python3
"""Writes an OCI image layout (image-spec 1.1) with one layer. The same layer gives the same bytes.

    image.py --version 0.1.0 --layer rootfs.tar --output image
"""

import argparse
import datetime
import gzip
import hashlib
import json
import os
import pathlib


def main():
    """Reads the arguments and writes the layout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", required=True)
    parser.add_argument("--layer", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    blobs = arguments.output / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def add(content, media_type, **more):
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **more}

    def document(value):
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()

    prefix = "application/vnd.oci.image"
    layer = arguments.layer.read_bytes()
    created = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    time = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    layer_blob = add(gzip.compress(layer, 9, mtime=0), f"{prefix}.layer.v1.tar+gzip")
    labels = {
        "org.opencontainers.image.title": "knapsack",
        "org.opencontainers.image.version": arguments.version,
        "org.opencontainers.image.licenses": "Apache-2.0",
    }
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": time,
        "config": {
            "Entrypoint": ["/usr/bin/knapsack"],
            "Env": ["PATH=/usr/bin", "HOME=/work", "LANG=C.UTF-8"],
            "WorkingDir": "/work",
            "Labels": labels,
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created": time, "created_by": "knapsack's .ci/release"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{prefix}.manifest.v1+json",
        "config": add(document(config), f"{prefix}.config.v1+json"),
        "layers": [layer_blob],
        "annotations": labels,
    }
    name = {"org.opencontainers.image.ref.name": arguments.version}
    index = {
        "schemaVersion": 2,
        "mediaType": f"{prefix}.index.v1+json",
        "manifests": [add(document(manifest), f"{prefix}.manifest.v1+json", annotations=name)],
    }
    (arguments.output / "index.json").write_bytes(document(index))
    (arguments.output / "oci-layout").write_bytes(document({"imageLayoutVersion": "1.0.0"}))


if __name__ == "__main__":
    main()
