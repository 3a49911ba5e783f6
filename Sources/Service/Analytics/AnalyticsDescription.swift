import Formats

/// The description of analytics and of the server's own numbers, for OpenAPI.
enum AnalyticsDescription {
    /// The paths of analytics.
    static let paths: [JSON.Member] = [
        JSON.Member("/api/analytics/events", ["post": adding, "delete": deleting("delete_events")]),
        JSON.Member(
            "/api/analytics/models/{id}",
            [
                "parameters": [
                    ModelInterface.parameter(
                        "id", "path", ["type": "string", "minLength": 1, "maxLength": 256],
                        "The model, as in events", isRequired: true)
                ],
                "get": ModelInterface.operation(
                    "What the events of a model come to", "get_analytics", span, summary,
                    refusals: [400, 404]),
                "delete": deleting("delete_analytics"),
            ]),
    ]

    /// The path of the server's own numbers.
    static let metrics: [JSON.Member] = [
        JSON.Member(
            "/metrics",
            [
                "get": [
                    "summary": "The server's own numbers, for Prometheus", "operationId": "get_metrics",
                    "responses": .object(
                        [
                            JSON.Member(
                                "200",
                                [
                                    "description": "The text format 0.0.4",
                                    "content": ["text/plain": ["schema": ["type": "string"]]],
                                ])
                        ] + ModelInterface.problems([])),
                ]
            ])
    ]

    private static let span = [
        ModelInterface.query("start", time, "From this day, time or second on"),
        ModelInterface.query("end", time, "Before this day, time or second"),
    ]

    private static let time: JSON = [
        "type": "string",
        "pattern":
            "^([0-9]{1,12}|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?)$",
    ]

    private static let event: JSON = [
        "type": "object", "required": ["model", "event"], "additionalProperties": false,
        "properties": [
            "model": ["type": "string", "minLength": 1, "maxLength": 256],
            "event": ["type": "string", "enum": ["download", "load", "request", "error", "rating"]],
            "response_ms": ["type": ["number", "null"], "minimum": 0, "maximum": 86_400_000],
            "prompt_tokens": ["type": ["integer", "null"], "minimum": 0, "maximum": 1_000_000_000],
            "completion_tokens": ["type": ["integer", "null"], "minimum": 0, "maximum": 1_000_000_000],
            "rating": ["type": ["integer", "null"], "minimum": 1, "maximum": 5],
        ],
    ]

    private static let summary: JSON = [
        "type": "object", "required": ["model", "events", "response_ms", "tokens", "ratings"],
        "properties": [
            "model": ["type": "string"], "events": ["type": "object"], "response_ms": ["type": "object"],
            "tokens": ["type": "object"], "ratings": ["type": "object"],
        ],
    ]

    private static let adding: JSON = {
        let list: JSON = [
            "type": "object", "required": ["events"], "additionalProperties": false,
            "properties": ["events": ["type": "array", "maxItems": 1000, "items": event]],
        ]
        let answer: JSON = ["type": "object", "properties": ["accepted": ["type": "integer"]]]
        let base = JobDescription.accepted(
            ModelInterface.operation(
                "State what a model was used for", "add_events", [], answer, refusals: [400, 404, 413]))
        let body: JSON = [
            "required": true, "content": ["application/json": ["schema": ["oneOf": [event, list]]]],
        ]
        return .object((base.members ?? []) + [JSON.Member("requestBody", body)])
    }()

    private static func deleting(_ id: String) -> JSON {
        ModelInterface.operation(
            "Forget events", id, span,
            ["type": "object", "properties": ["deleted": ["type": "integer"]]], refusals: [400, 404])
    }
}
