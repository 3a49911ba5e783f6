import Formats

/// The description of the marketplace as OpenAPI 3.1 has it.
enum MarketInterface {
    /// The paths, members of the document's.
    static let paths: [JSON.Member] = [
        .init(
            "/api/marketplace/models",
            [
                "get": ModelInterface.operation(
                    "List and filter the models and data sets of this machine", "list_marketplace", filters,
                    list, refusals: [400])
            ]),
        .init(
            "/api/marketplace/models/{id}",
            [
                "parameters": [
                    ModelInterface.parameter(
                        "id", "path", id,
                        "A source without its revision, such as hf:org/name", isRequired: true)
                ],
                "get": ModelInterface.operation(
                    "Card, files, tensors, licence, lineage and accelerators of one model",
                    "get_marketplace_model",
                    [
                        query(
                            "revision", text, "A commit, a branch or a version; the newest if none is given"),
                        query("tensors_from", number(0...1_000_000_000), "The first tensor that is listed"),
                        query("tensors_limit", number(0...2000), "How many tensors are listed"),
                    ], record),
            ]),
        .init(
            "/api/marketplace/search",
            [
                "get": ModelInterface.operation(
                    "Search this machine, the Hub and Kaggle", "search_marketplace",
                    [
                        query("query", text, "Words that the name has to have"),
                        query("source", text, "A list of local, hub and kaggle; local if none is given"),
                        query("task", text, "A task such as text-generation"),
                        query("framework", text, "A framework or a format"),
                        query("license", text, "A licence"),
                        query("limit", number(1...100), "The most results of each source"),
                    ], ["type": "object", "required": ["query", "sources"]], refusals: [400])
            ]),
        .init(
            "/api/health",
            [
                "get": ModelInterface.operation(
                    "What is wrong in the caches, and what to do about it", "get_health", [],
                    ["type": "object", "required": ["caches", "incomplete", "corrupted"]], refusals: [])
            ]),
    ]

    private static let text: JSON = [
        "type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f]*$", "maxLength": 500,
    ]
    /// An id in a path.
    static let id: JSON = ["type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9_:./-]*$", "maxLength": 400]
    private static let record: JSON = ["type": "object", "required": ["id", "name", "kind"]]
    private static let list: JSON = [
        "type": "object", "required": ["models", "count", "total", "next"],
        "properties": [
            "models": ["type": "array", "items": record], "count": ["type": "integer"],
            "total": ["type": "integer"], "next": ["type": ["string", "null"]],
        ],
    ]

    private static func query(_ name: String, _ schema: JSON, _ description: String) -> JSON {
        ModelInterface.query(name, schema, description)
    }

    private static func number(_ range: ClosedRange<Int>) -> JSON {
        [
            "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
        ]
    }

    private static func word(_ words: [String]) -> JSON {
        ["type": "string", "enum": .array(words.map(JSON.string))]
    }

    private static let filters: [JSON] =
        [
            query("query", text, "Words that have to be in the name, the tags and what else is known"),
            query("framework", text, "A framework or a format"),
            query("tags", text, "Tags that it has to have, all of them, with commas between them"),
            query("min_size", number(0...(1 << 60)), "The least size in bytes"),
            query("max_size", number(0...(1 << 60)), "The largest size in bytes"),
            query("installed", word(["true", "false"]), "Whether all of it is in a cache"),
            query("sort", word(MarketList.Order.allCases.map(\.rawValue)), "What comes first"),
            query("limit", number(1...500), "How many at most"),
            query("cursor", text, "Where to go on: what the page before calls next"),
        ]
        + MarketList.members.map { name, _ in query(name, text, "Only with this \(name)") }
}
