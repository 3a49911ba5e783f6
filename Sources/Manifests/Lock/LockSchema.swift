package import Formats
import Scanning
import Tensors

/// The JSON Schema (draft 2020-12) of the lock.
package enum LockSchema {
    /// The schema, the same on every machine.
    package static func jsonSchema() -> JSON {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Knapsack lock",
            "description": "What a bundle holds, to the byte. Written by knapsack lock.",
            "type": "object",
            "required": ["version", "bundle", "entries"],
            "properties": [
                "version": [
                    "enum": [.integer(Lock.version), .integer(Lock.versionWithBases)],
                    "description": "The version of the format; the greater one if there are bases.",
                ],
                "generator": ["type": "string", "description": "Who wrote it."],
                "facts": [
                    "type": "integer", "minimum": 0,
                    "description": "The version of what was read of the files for the entries' facts.",
                ],
                "bundle": bundle,
                "bases": [
                    "type": "array", "items": base,
                    "description": "The bundles that have what this one refers to and does not store.",
                ],
                "entries": [
                    "type": "array", "items": entry,
                    "description": "Sorted by the bytes of the names.",
                ],
            ],
        ]
    }

    private static let text: JSON = ["type": "string"]
    private static let texts: JSON = ["type": "array", "items": ["type": "string"]]
    private static let count: JSON = ["type": "integer", "minimum": 0]

    private static func choice<Value: CaseIterable & RawRepresentable<String>>(
        _ type: Value.Type, _ description: String
    ) -> JSON {
        [
            "enum": .array(type.allCases.map { .string($0.rawValue) }),
            "description": .string(description),
        ]
    }

    private static func digits(_ count: Int, _ description: String) -> JSON {
        [
            "type": "string", "pattern": .string("^[0-9a-f]{\(count)}$"),
            "description": .string(description),
        ]
    }

    private static let bundle: JSON = [
        "type": "object",
        "description": "The manifest's [bundle] table.",
        "required": ["dedup", "license", "name", "title"],
        "properties": [
            "dedup": choice(BundleSettings.Deduplication.self, "How much equal content is stored once."),
            "base": [
                "type": "array", "items": ["type": "string"],
                "description": "The bundles that it builds on, as the manifest names them.",
            ],
            "fit": ["type": "integer", "description": "The bytes that fitted files share."],
            "keywords": texts, "license": text, "name": text, "owner": text, "subtitle": text,
            "title": text,
            "kind": [
                "enum": [.string(ManifestSchema.datasetKind), .string(ManifestSchema.modelKind)],
                "description": "What it becomes on Kaggle; a dataset if it is not stated.",
            ],
            "base_model": text, "framework": text, "variation": text,
        ],
    ]

    private static let base: JSON = [
        "type": "object", "required": ["attach", "name", "sha256"],
        "properties": [
            "asked": [
                "type": "string",
                "description": "As the manifest names it; a base of a base has none.",
            ],
            "attach": ["type": "string", "description": "What a notebook has to have attached."],
            "name": ["type": "string", "description": "The bundle's name."],
            "sha256": digits(64, "Of its knapsack.lock."),
        ],
    ]

    private static let entry: JSON = [
        "type": "object",
        "required": ["name", "kind", "asked", "resolved", "files"],
        "properties": [
            "name": text,
            "kind": choice(Entry.Kind.self, "The manifest's table."),
            "asked": [
                "type": "object", "oneOf": [["required": ["source"]], ["required": ["from"]]],
                "description": "What the manifest asked for: the lock is fresh while it still does.",
                "properties": [
                    "source": text, "from": text, "dtype": choice(CastType.self, "Cast to this type."),
                    "gguf": ["type": "string", "description": "The type of the GGUF file to make."],
                    "via": ["type": "string", "description": "The type of the file that is quantized."],
                    "imatrix": text, "mmproj": text, "pre-tokenizer": text,
                    "prune": [
                        "type": "string", "description": "The part of weights that is zero, or a pattern.",
                    ],
                    "prune-tensors": texts,
                    "max-size": ["type": "string", "description": "The most bytes of a fitted file."],
                    "bits": ["type": "string", "description": "The most bits for a weight of one."],
                    "fit-memory": ["type": "string", "description": "The accelerator that it has to fit."],
                    "context": ["type": "string", "description": "The tokens that have to fit beside it."],
                    "floor": text, "speed": text, "fused": text, "weight": text, "calibrate": text,
                    "merge": [
                        "type": "array", "items": ["type": "string"],
                        "description": "The entries whose LoRA adapters are merged first.",
                    ],
                    "include": texts, "exclude": texts, "license": text,
                    "pack": [
                        "type": "boolean",
                        "description": "Whether the files are in the bundle; they are where it is not said.",
                    ],
                ],
            ],
            "resolved": resolved,
            "files": [
                "type": "array", "items": file, "description": "Sorted by the bytes of the paths.",
            ],
            "tensors": [
                "type": "array", "items": tensor,
                "description": "The tensors of the files, sorted by file and offset.",
            ],
        ],
    ]

    private static let resolved: JSON = [
        "type": "object",
        "description": "What it resolved to; path sources have neither hub, kaggle, registry nor conversion.",
        "properties": [
            "hub": [
                "type": "object", "required": ["commit", "ref", "repo_id", "repo_type"],
                "properties": [
                    "commit": digits(40, "The pinned commit."), "ref": text, "repo_id": text,
                    "repo_type": choice(HubRepository.Kind.self, "The kind of repository."),
                ],
            ],
            "kaggle": [
                "type": "object", "required": ["handle", "type"],
                "properties": [
                    "handle": text, "type": choice(KaggleHandle.Kind.self, "What the handle names."),
                ],
            ],
            "registry": [
                "type": "object", "required": ["manifest", "name"],
                "properties": [
                    "entry": [
                        "type": "string", "description": "The entry of the bundle that was asked for.",
                    ],
                    "manifest": [
                        "type": "string", "pattern": "^sha256:[0-9a-f]{64}$",
                        "description": "The digest of the manifest.",
                    ],
                    "name": ["type": "string", "description": "The artifact that was asked for."],
                ],
            ],
            "conversion": [
                "type": "object", "required": ["converter", "inputs", "parameters"],
                "description": "What made the files whose proof is \"conversion\".",
                "properties": [
                    "converter": ["type": "integer", "description": "The version of the conversion."],
                    "inputs": digits(64, "Of the sorted lines [path, sha256] of the files that it read."),
                    "parameters": ["type": "object", "description": "As the manifest asks for them."],
                ],
            ],
            "license": [
                "type": "object", "required": ["from", "id"],
                "properties": ["from": choice(LockedLicense.Witness.self, "Who states it."), "id": text],
            ],
            "base_model_relation": text, "remote_code": code, "templates": templates,
            "base_models": texts, "dtypes": texts, "formats": texts, "library": text,
            "load_class": [
                "type": "string",
                "description":
                    "The class that loads it, where its files name another one than the architecture shows.",
            ],
            "missing_tensors": [
                "type": "array", "items": ["type": "string"],
                "description": "Tensors that the configuration asks for and the weights lack.",
            ],
            "model_type": text, "needs": texts,
            "lacks": [
                "type": "array", "items": text,
                "description": "What is not there at all, so that nothing loads the entry as a model.",
            ],
            "requires": requirements,
            "fit": [
                "type": "object", "required": ["bound", "budget", "cost", "size", "types", "weights"],
                "description": "How the types of a GGUF file were chosen.",
                "properties": [
                    "budget": count, "size": count,
                    "cost": ["type": "integer", "description": "The weighted error, in parts of 2^-43."],
                    "bound": ["type": "integer", "description": "What no choice costs less than."],
                    "weights": [
                        "type": "integer", "description": "The version of the table of roles' weights.",
                    ],
                    "types": [
                        "type": "object", "description": "The type of every tensor that is quantized.",
                    ],
                    "front": [
                        "type": "array", "description": "Sizes and costs of the best files of other sizes.",
                    ],
                    "mixtures": ["type": "object", "description": "Sizes and costs of fixed mixtures."],
                ],
            ],
            "remarks": [
                "type": "array",
                "description": "What is worth knowing of what was made; each has a code of a finding.",
                "items": [
                    "type": "object", "required": ["code", "severity", "message"],
                    "properties": [
                        "code": text, "severity": text, "message": text, "notes": texts, "fix": text,
                    ],
                ],
            ],
            "mmproj-outtype": ["type": "string", "description": "The type of a projector that was made."],
            "outtype": ["type": "string", "description": "The type that auto was for a GGUF file."],
            "via": [
                "type": "string",
                "description": "The type from which a GGUF file was quantized.",
            ],
            "parameters": count, "pipeline_tag": text,
            "pickles": [
                "type": "array", "description": "The files with pickles.",
                "items": [
                    "type": "object", "required": ["path", "verdict"],
                    "properties": [
                        "path": text, "verdict": choice(PickleScan.Verdict.self, "What loading it would do."),
                        "names": [
                            "type": "array", "items": ["type": "string"],
                            "description": "Imports that are not known to be harmless; the first eight.",
                        ],
                        "problem": ["type": "string", "description": "What else is wrong."],
                        "twin": ["type": "string", "description": "A safetensors file of the same weights."],
                    ],
                ],
            ],
            "programs": [
                "type": "array", "description": "The files with programs that are not pickles.",
                "items": [
                    "type": "object", "required": ["format", "messages", "path", "unreadable"],
                    "properties": [
                        "format": text, "messages": texts, "path": text, "unreadable": ["type": "boolean"],
                    ],
                ],
            ],
            "credentials": [
                "type": "array", "description": "Where tokens and keys are; never what they are.",
                "items": [
                    "type": "object", "required": ["kind", "line", "path"],
                    "properties": ["kind": text, "line": count, "path": text],
                ],
            ],
            "quantization": [
                "type": "object", "required": ["method"],
                "description": "How the weights are quantized.",
                "properties": ["bits": count, "format": text, "method": text],
            ],
            "weight_bytes": [
                "type": "object", "additionalProperties": count,
                "description": "The bytes of the weights by dtype, sorted by its name.",
            ],
            "weights": [
                "type": "object", "required": ["sha256", "tensors"],
                "description": "Which safetensors weights these are, however they are sharded or ordered.",
                "properties": [
                    "sha256": digits(64, "Of the sorted lines [name, dtype, shape, sha256]."),
                    "tensors": count,
                ],
            ],
        ],
    ]

    private static let requirements: JSON = [
        "type": "array", "description": "Files that others of the entry ask for by name.",
        "items": [
            "type": "object", "required": ["file", "kind"],
            "properties": [
                "file": text, "kind": choice(FileRequirement.Kind.self, "What they are to it."),
                "names": ["type": "array", "items": text, "description": "All of them are needed."],
                "one_of": [
                    "type": "array", "items": text, "description": "Patterns, of which one is needed.",
                ],
                "optional": ["type": "boolean", "description": "Whether the model loads without them."],
            ],
        ],
    ]

    private static let code: JSON = [
        "type": "array", "description": "Where configurations ask for Python code to be run.",
        "items": [
            "type": "object", "required": ["file", "key"],
            "properties": ["file": text, "key": text, "value": text],
        ],
    ]

    private static let templates: JSON = [
        "type": "array", "description": "What does not belong in the chat templates.",
        "items": [
            "type": "object", "required": ["file", "line", "message"],
            "properties": ["file": text, "line": count, "message": text, "template": text],
        ],
    ]

    private static let tensor: JSON = [
        "type": "object",
        "required": ["file", "length", "name", "offset", "sha256"],
        "properties": [
            "file": text, "name": text, "dtype": text, "offset": count,
            "length": ["type": "integer", "minimum": 1], "sha256": digits(64, "Of the tensor's bytes."),
            "shape": ["type": "array", "items": count],
        ],
    ]

    private static let file: JSON = [
        "type": "object",
        "required": ["path", "proof", "sha256", "size"],
        "properties": [
            "path": text,
            "size": ["type": "integer", "minimum": 0, "description": "In bytes."],
            "sha256": digits(64, "Of the content, uncompressed."),
            "proof": choice(Proof.self, "What the content was proved by when it was locked."),
            "at": [
                "type": "string",
                "description": "Where the whole content is in the bundle, if not at its natural path.",
            ],
            "base": digits(64, "Of the lock of the base that has the content; at is a path in that."),
            "segments": [
                "type": "array",
                "description": "Ranges of stored files that, put one after the other, are the file.",
                "items": [
                    "type": "object", "required": ["at", "length", "offset"],
                    "properties": [
                        "at": text, "base": digits(64, "Of the lock of the base that has the file."),
                        "length": ["type": "integer", "minimum": 1], "offset": count,
                    ],
                ],
            ],
            "shards": [
                "type": "array", "items": text,
                "description": "For an index of shards: the files that it names.",
            ],
        ],
    ]
}
