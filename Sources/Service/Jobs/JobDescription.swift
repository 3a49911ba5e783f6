import Formats

/// The description of jobs, and of what starts them, for OpenAPI.
enum JobDescription {
    /// The greatest number of a job that can be asked for.
    static let mostNumber = 1_000_000_000_000_000

    /// The paths.
    static let paths: [JSON.Member] =
        [
            JSON.Member(
                "/api/jobs",
                [
                    "get": ModelInterface.operation(
                        "Jobs, the newest first", "list_jobs",
                        [
                            query("kind", words(Job.Kind.allCases.map(\.rawValue)), "Only of this kind"),
                            query("state", words(Job.State.allCases.map(\.rawValue)), "Only in this state"),
                            query(
                                "limit", ["type": "integer", "minimum": 1, "maximum": 500, "default": 100],
                                "How many at most"),
                            query(
                                "before",
                                ["type": "integer", "minimum": 1, "maximum": .integer(mostNumber)],
                                "Only those before this number"),
                        ],
                        [
                            "type": "object", "required": ["jobs"],
                            "properties": ["jobs": ["type": "array", "items": job]],
                        ],
                        refusals: [400])
                ]),
            JSON.Member(
                "/api/jobs/{job_id}",
                [
                    "parameters": [id],
                    "get": ModelInterface.operation("One job", "get_job", [], job, refusals: [404]),
                    "delete": ModelInterface.operation(
                        "Cancel a job, or forget one that ended", "delete_job", [], ["type": "object"],
                        refusals: [404]),
                ]),
            JSON.Member("/api/jobs/{job_id}/events", ["parameters": [id], "get": watching("watch_job")]),
            JSON.Member(
                "/api/marketplace/models/{id}/install",
                [
                    "parameters": [source],
                    "post": starting(
                        "Install a model or a data set from the Hub or Kaggle", "install_model",
                        [
                            JSON.Member("revision", ["type": ["string", "null"]]),
                            JSON.Member(
                                "include", ["type": ["array", "null"], "items": ["type": "string"]]),
                            JSON.Member(
                                "exclude", ["type": ["array", "null"], "items": ["type": "string"]]),
                        ], required: [], refusals: [400, 413, 503]),
                    "delete": accepted(
                        ModelInterface.operation(
                            "Take a revision out of the cache, or all of them", "uninstall_model",
                            [query("revision", ["type": "string"], "Only this one")], job,
                            refusals: [400, 404, 409, 503])),
                ]),
        ] + made("optimizations", "optimization", optimize) + made("bundles", "bundle", pack)
        + [
            document(
                "/api/bundles/{job_id}/report", "The report of a bundle, a page", "bundle_report", "text/html"
            ),
            document(
                "/api/bundles/{job_id}/treemap", "What the report is made of", "bundle_treemap",
                "application/json"),
            document("/api/bundles/{job_id}/lock", "The lock of a bundle", "bundle_lock", "application/json"),
        ]

    private static let optimize = starting(
        "Make another form of a model, and compare it with the original", "optimize_model",
        [
            JSON.Member("model", ["type": "string"]), JSON.Member("revision", ["type": ["string", "null"]]),
            JSON.Member("file", ["type": ["string", "null"]]), JSON.Member("type", ["type": "string"]),
            JSON.Member("bits", ["type": "integer", "enum": [4, 8, 16]]),
            JSON.Member("dtype", ["type": "string", "enum": ["f32", "f16", "bf16"]]),
            JSON.Member("prune", ["type": "string"]), JSON.Member("max_size", ["type": "string"]),
            JSON.Member("allow_requantize", ["type": "boolean"]),
        ], required: ["model"], refusals: [400, 404, 413, 503, 507])

    private static let pack = starting(
        "Make a bundle of a manifest", "make_bundle", [JSON.Member("manifest", ["type": "string"])],
        required: ["manifest"], refusals: [400, 413, 503, 507])

    /// The paths of what jobs of one kind make.
    private static func made(_ name: String, _ word: String, _ post: JSON) -> [JSON.Member] {
        let list = ModelInterface.operation(
            "Jobs of this kind, the newest first", "list_\(name)",
            [
                query(
                    "limit", ["type": "integer", "minimum": 1, "maximum": 500, "default": 100],
                    "How many at most")
            ],
            [
                "type": "object", "required": ["jobs"],
                "properties": ["jobs": ["type": "array", "items": job]],
            ],
            refusals: [400])
        let get = ModelInterface.operation("One \(word)", "get_\(word)", [], job, refusals: [404])
        let delete = ModelInterface.operation(
            "Cancel it, or remove what it made", "delete_\(word)", [], ["type": "object"], refusals: [404])
        let path = "/api/\(name)/{job_id}"
        return [
            JSON.Member("/api/\(name)", ["get": list, "post": post]),
            JSON.Member(path, ["parameters": [id], "get": get, "delete": delete]),
            JSON.Member(path + "/events", ["parameters": [id], "get": watching("watch_\(word)")]),
            document(
                path + "/download", "The file, or one of them, or all of them as a zip", "download_\(word)",
                "application/octet-stream"),
        ]
    }

    private static func document(_ path: String, _ summary: String, _ id: String, _ type: String)
        -> JSON.Member
    {
        let answers = [
            JSON.Member("200", ["description": "The content", "content": .object([JSON.Member(type, [:])])]),
            JSON.Member("206", ["description": "A part of it"]),
            JSON.Member("304", ["description": "The client has it"]),
            JSON.Member("416", ["description": "There are no such bytes"]),
        ]
        let get: JSON = [
            "summary": .string(summary), "operationId": .string(id),
            "responses": .object(answers + ModelInterface.problems([404, 409])),
        ]
        return JSON.Member(path, ["parameters": [JobDescription.id], "get": get])
    }

    /// The schema of a job.
    static let job: JSON = [
        "type": "object", "required": ["id", "kind", "state", "subject", "created_at"],
        "properties": [
            "id": ["type": "string"], "kind": words(Job.Kind.allCases.map(\.rawValue)),
            "state": words(Job.State.allCases.map(\.rawValue)), "subject": ["type": "string"],
            "owner": ["type": ["string", "null"]], "request": ["type": "object"],
            "created_at": ["type": "string"], "started_at": ["type": ["string", "null"]],
            "ended_at": ["type": ["string", "null"]], "attempts": ["type": "integer"],
            "progress": ["type": ["object", "null"]], "result": ["type": ["object", "null"]],
            "error": ["type": ["string", "null"]],
        ],
    ]

    /// The job's number in a path.
    static let id = ModelInterface.parameter(
        "job_id", "path", ["type": "string", "pattern": "^[0-9]{1,18}$"], "The job", isRequired: true)

    private static let source = ModelInterface.parameter(
        "id", "path",
        ["type": "string", "pattern": "^(hf|hf-dataset|kaggle|kaggle-dataset):[A-Za-z0-9_./-]+$"],
        "hf:org/name, hf-dataset:org/name, kaggle:owner/model/framework/variation or kaggle-dataset:owner/name",
        isRequired: true)

    /// An operation with a JSON body that starts a job.
    static func starting(
        _ summary: String, _ id: String, _ properties: [JSON.Member], required: [String], refusals: [Int]
    ) -> JSON {
        let schema: JSON = [
            "type": "object", "additionalProperties": false,
            "required": .array(required.map(JSON.string)), "properties": .object(properties),
        ]
        let base = accepted(ModelInterface.operation(summary, id, [], job, refusals: refusals))
        let body: JSON = [
            "required": .bool(!required.isEmpty), "content": ["application/json": ["schema": schema]],
        ]
        return .object((base.members ?? []) + [JSON.Member("requestBody", body)])
    }

    /// The same operation with the answer 202 in place of 200.
    static func accepted(_ operation: JSON) -> JSON {
        .object(
            (operation.members ?? []).map { member in
                guard member.key == "responses" else { return member }
                let answers = (member.value.members ?? []).map {
                    JSON.Member($0.key == "200" ? "202" : $0.key, $0.value)
                }
                return JSON.Member("responses", .object(answers))
            })
    }

    private static func query(_ name: String, _ schema: JSON, _ description: String) -> JSON {
        ModelInterface.query(name, schema, description)
    }

    private static func words(_ words: [String]) -> JSON {
        ["type": "string", "enum": .array(words.map(JSON.string))]
    }

    private static func watching(_ id: String) -> JSON {
        [
            "summary": "The job at every change, as server-sent events", "operationId": .string(id),
            "parameters": [
                [
                    "name": "Last-Event-ID", "in": "header", "required": false, "schema": ["type": "string"],
                    "description": "The last event that was seen",
                ]
            ],
            "responses": .object(
                [
                    JSON.Member(
                        "200",
                        [
                            "description": "Events until the job ends",
                            // What an event is, no schema of version 3.1 states.
                            "content": ["text/event-stream": [:]],
                        ]),
                    JSON.Member("204", ["description": "The job has ended, and the client has seen that"]),
                ] + ModelInterface.problems([404, 503])),
        ]
    }
}
