import Formats

/// The description of all interfaces that a server has, as OpenAPI 3.1, and a page that lists their operations.
struct ServiceDescription {
    /// The document of `/openapi.json`.
    let document: JSON

    /// Puts the paths of interfaces together.
    init(_ paths: [[JSON.Member]]) {
        document = [
            "openapi": "3.1.0",
            "info": [
                "title": "Knapsack's server", "version": "1",
                "description": "Models, their files, and what is made of them.",
            ],
            "paths": .object(paths.flatMap { $0 }),
            "components": ModelInterface.document["components"] ?? .object([]),
        ]
    }

    /// The page.
    var page: String {
        var rows = ""
        for path in document["paths"]?.members ?? [] {
            for operation in path.value.members ?? [] where operation.key != "parameters" {
                let summary = operation.value["summary"]?.string ?? ""
                rows +=
                    "<tr><td><code>\(operation.key.uppercased())</code></td><td><code>\(path.key)</code></td>"
                    + "<td>\(summary)</td></tr>\n"
            }
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>Knapsack's server</title>
            <style>
            :root{color-scheme:light dark}
            body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
            td{padding:.2rem 1rem .2rem 0;vertical-align:top}
            </style></head><body><main>
            <h1>Knapsack's server</h1>
            <p>The whole description, with fields and answers, is <a href="/openapi.json">OpenAPI 3.1</a>.</p>
            <table><thead><tr><td>Method</td><td>Path</td><td>Does</td></tr></thead><tbody>
            \(rows)</tbody></table></main></body></html>

            """
    }
}
