import Formats

/// The description of the registry of models as OpenAPI 3.1 has it.
enum ModelInterface {
    /// Its paths, and the schemas that all paths share.
    static let document: JSON = [
        "paths": [
            "/ai-models/upload/single": ["post": upload("file", "Upload one file as a version")],
            "/ai-models/upload/folder": [
                "post": upload("zip_file", "Upload the files of a zip as a version")
            ],
            "/ai-models/search/{user_id}": [
                "parameters": [user],
                "get": operation(
                    "Search among a user's versions", "search_models",
                    [
                        query(
                            "query", ["type": "string", "pattern": "^[^ ]*( [^ ]*){0,99}$"],
                            "Words that have to be in names, description or tags"
                        )
                    ]
                        + filters, documents, refusals: [400]),
            ],
            "/ai-models/{user_id}": [
                "parameters": [user],
                "get": operation(
                    "List a user's versions", "list_models", filters, documents, refusals: [400]),
            ],
            "/ai-models/{user_id}/{model_id}": [
                "parameters": [user, model, version],
                "get": operation("One version; the newest if none is named", "get_model", [], reference),
                "put": .object(
                    (operation(
                        "Change what is stated of a version", "update_model", [], reference,
                        refusals: [400, 404, 413]
                    ).members ?? [])
                        + [
                            JSON.Member(
                                "requestBody",
                                [
                                    "required": true,
                                    "content": ["application/json": ["schema": changes]],
                                ])
                        ]),
                "delete": operation(
                    "Delete a version, or all of them if none is named", "delete_model", [],
                    [
                        "type": "object", "required": ["deleted"],
                        "properties": ["deleted": ["type": "integer", "minimum": 1]],
                    ]),
            ],
            "/ai-models/{user_id}/{model_id}/files": [
                "parameters": [user, model, version],
                "get": operation(
                    "The files of a version", "list_files", [],
                    ["type": "array", "items": ["type": "object"]]),
            ],
            "/ai-models/{user_id}/{model_id}/download": [
                "parameters": [user, model, version],
                "get": download,
            ],
        ],
        "components": ["schemas": ["Model": schema, "Problem": problem]],
    ]

    private static let reference: JSON = ["$ref": "#/components/schemas/Model"]
    private static let documents: JSON = ["type": "array", "items": reference]
    private static let problem: JSON = [
        "type": "object", "required": ["detail"], "properties": ["detail": ["type": "string"]],
    ]
    private static let name: JSON = [
        "type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]*$", "minLength": 1, "maxLength": 96,
    ]
    private static let frameworks: JSON = [
        "type": "string", "enum": .array(ModelWords.frameworks.map(JSON.string)),
    ]
    private static let types: JSON = ["type": "string", "enum": .array(ModelWords.types.map(JSON.string))]
    /// A form has no types: a number that is written as one of the words is that word.
    private static let truth: JSON = [
        "enum": .array((ModelForm.yes + ModelForm.no).map(JSON.string) + [1, 0, true, false])
    ]
    /// At most 100, with commas between them.
    private static let tags: JSON = ["type": "string", "pattern": "^([^,\\n]*,){0,99}[^,\\n]*$"]
    private static let number: JSON = ["type": ["number", "null"]]
    private static let text: JSON = ["type": ["string", "null"]]
    private static let line: JSON = ["type": "string", "pattern": "^[^\\n]*$"]
    private static let texts: JSON = ["type": "array", "items": line]
    private static let tagList: JSON = [
        "type": "array", "items": line, "maxItems": .integer(ModelForm.tagLimit),
    ]
    private static let shape: JSON = [
        "type": ["array", "null"],
        "items": [
            "type": ["integer", "null"], "minimum": .integer(-ModelDocument.dimensionLimit),
            "maximum": .integer(ModelDocument.dimensionLimit),
        ],
    ]

    private static let user = parameter("user_id", "path", name, "Whose it is", isRequired: true)
    private static let model = parameter("model_id", "path", name, "The model", isRequired: true)
    private static let version = parameter(
        "version", "query", name, "The version; the newest if none is named", isRequired: false)

    private static let filters: [JSON] = [
        query(
            "skip", ["type": "integer", "minimum": 0, "maximum": 1_000_000_000, "default": 0],
            "How many to pass over"),
        query(
            "limit", ["type": "integer", "minimum": 1, "maximum": 1000, "default": 100], "How many at most"),
        query("framework", frameworks, "Only of this framework"),
        query("model_type", types, "Only of this type"),
        query("tags", tags, "Only with all of these tags, with commas between them"),
    ]

    /// A parameter of a query, which may be missing.
    static func query(_ name: String, _ schema: JSON, _ description: String) -> JSON {
        parameter(name, "query", schema, description, isRequired: false)
    }

    /// A parameter; `place` is "path" or "query".
    static func parameter(
        _ name: String, _ place: String, _ schema: JSON, _ description: String, isRequired: Bool
    ) -> JSON {
        [
            "name": .string(name), "in": .string(place), "required": .bool(isRequired), "schema": schema,
            "description": .string(description),
        ]
    }

    /// An operation that answers 200 with a JSON document of a schema.
    static func operation(
        _ summary: String, _ id: String, _ parameters: [JSON], _ answer: JSON, refusals: [Int] = [400, 404]
    ) -> JSON {
        [
            "summary": .string(summary), "operationId": .string(id), "parameters": .array(parameters),
            "responses": .object(
                [
                    JSON.Member(
                        "200",
                        ["description": "Done", "content": ["application/json": ["schema": answer]]])
                ] + problems(refusals)),
        ]
    }

    /// The answers of an operation that refuses: these statuses, and those that every path has.
    static func problems(_ statuses: [Int]) -> [JSON.Member] {
        // A path that is none, a token that does not count, and too many requests are refused everywhere.
        let everywhere = [400, 401, 403, 421, 429, 431, 500, 503].filter { !statuses.contains($0) }
        return (statuses + everywhere).map { status in
            JSON.Member(
                String(status),
                [
                    "description": .string(Response.reason(status)),
                    "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
                ])
        }
    }

    private static func upload(_ field: String, _ summary: String) -> JSON {
        var properties: [JSON.Member] = [
            JSON.Member(field, ["type": "string", "format": "binary"]),
            JSON.Member("user_id", name), JSON.Member("model_id", name), JSON.Member("version", name),
            JSON.Member("framework", frameworks), JSON.Member("model_type", types),
            JSON.Member("is_primary", truth),
            JSON.Member("preserve_structure", truth),
            JSON.Member("tags", tags),
        ]
        for field in ["name", "description", "algorithm", "python_version", "hardware_requirements"] {
            properties.append(JSON.Member(field, ["type": "string"]))
        }
        for field in ModelForm.numbers { properties.append(JSON.Member(field, ["type": "number"])) }
        let form: JSON = [
            "type": "object", "required": [.string(field), "user_id", "model_id"],
            "properties": .object(properties),
        ]
        let base = operation(
            summary, field == "file" ? "upload_single" : "upload_folder", [], reference,
            refusals: [400, 408, 409, 413, 507])
        let body: JSON = ["required": true, "content": ["multipart/form-data": ["schema": form]]]
        return .object((base.members ?? []) + [JSON.Member("requestBody", body)])
    }

    private static let download: JSON = [
        "summary": "One file, or all files as a zip", "operationId": "download_model",
        "parameters": [
            query("filename", ["type": "string"], "The file; all of them, or the only one, if none is named")
        ],
        "responses": .object(
            [
                JSON.Member(
                    "200",
                    [
                        "description": "The content",
                        "content": ["application/octet-stream": [:], "application/zip": [:]],
                    ]),
                JSON.Member(
                    "206", ["description": "A part of it", "content": ["application/octet-stream": [:]]]),
                JSON.Member("304", ["description": "The client has it"]),
                JSON.Member("416", ["description": "There are no such bytes"]),
            ] + problems([400, 404, 503])),
    ]

    private static let changes: JSON = [
        "type": "object", "additionalProperties": false,
        "properties": .object(stated.map { JSON.Member($0.name, $0.schema) }),
    ]

    /// What is stated of a version and may be changed.
    private static let stated: [(name: String, schema: JSON)] = [
        ("name", text), ("description", text), ("algorithm", text), ("framework", frameworks),
        ("model_type", types),
        ("input_shape", shape), ("output_shape", shape), ("training_dataset", text),
        ("training_accuracy", number),
        ("validation_accuracy", number), ("test_accuracy", number), ("training_loss", number),
        ("python_version", text), ("dependencies", texts), ("hardware_requirements", text), ("tags", tagList),
        ("custom_metadata", ["type": "object"]), ("is_production_ready", ["type": "boolean"]),
    ]

    private static let schema: JSON = [
        "type": "object", "required": ["model_id", "user_id", "version", "framework", "model_type", "files"],
        "properties": .object(
            [
                JSON.Member("model_id", name), JSON.Member("user_id", name), JSON.Member("version", name),
                JSON.Member("files", ["type": "array", "items": ["type": "object"]]),
                JSON.Member("primary_file_path", text),
                JSON.Member("num_parameters", ["type": ["integer", "null"]]),
                JSON.Member("model_size_mb", ["type": "number"]),
                JSON.Member("created_at", ["type": "string"]),
                JSON.Member("updated_at", ["type": "string"]), JSON.Member("is_active", ["type": "boolean"]),
            ] + stated.map { JSON.Member($0.name, $0.schema) }),
    ]
}
