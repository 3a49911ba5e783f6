import Formats

/// Addresses of pages on the Hub and on Kaggle, which people copy from a browser in place of a source.
enum SourceAddress {
    private static let hub = ["huggingface.co", "hf.co"]
    private static let kaggle = ["www.kaggle.com", "kaggle.com"]

    /// Whether a text is the address of a page.
    static func isAddress(_ text: String) -> Bool {
        ["https://", "http://"].contains { text.hasUTF8Prefix($0) }
    }

    /// The text of the source that an address shows; `nil` for every other page, and for what is no address.
    static func source(of text: String) -> String? {
        guard isAddress(text) else { return nil }
        let ends = [UInt8(ascii: "?"), UInt8(ascii: "#")]
        let parts = text.utf8.prefix { !ends.contains($0) }.split(separator: UInt8(ascii: "/"))
            .dropFirst().map { String(Substring($0)) }
        guard let host = parts.first else { return nil }
        let path = Array(parts.dropFirst())
        let source: String?
        if hub.contains(where: { $0.hasSameBytes(as: host) }) {
            source = onHub(path)
        } else if kaggle.contains(where: { $0.hasSameBytes(as: host) }) {
            source = onKaggle(path)
        } else {
            source = nil
        }
        return source.flatMap { (try? Source.parse($0)) == nil ? nil : $0 }
    }

    /// `org/name`, with `datasets` or `spaces` before it, and a revision behind it: `tree/main`, `blob/main/config.json`.
    private static func onHub(_ path: [String]) -> String? {
        let kinds = ["datasets": "hf-dataset", "spaces": "hf-space", "models": "hf"]
        let scheme = path.first.flatMap { kinds[$0] }
        let rest = scheme == nil ? path : Array(path.dropFirst())
        guard rest.count >= 2 else { return nil }
        let views = ["tree", "blob", "resolve", "commit", "commits"]
        let revision = rest.count >= 4 && views.contains(rest[2]) && rest[3] != "main" ? "@\(rest[3])" : ""
        return "\(scheme ?? "hf"):\(rest[0])/\(rest[1])\(revision)"
    }

    /// `models/owner/model/framework/variation/2`, `datasets/owner/name/versions/2`, `competitions/name/data`,
    /// `code/owner/name`.
    private static func onKaggle(_ path: [String]) -> String? {
        guard let section = path.first else { return nil }
        let rest = path.dropFirst()
        switch section {
        case "models": return rest.count < 4 ? nil : "kaggle:" + rest.prefix(5).joined(separator: "/")
        case "datasets", "code":
            guard rest.count >= 2 else { return nil }
            let isVersion = rest.count >= 4 && rest[rest.startIndex + 2] == "versions"
            let scheme = section == "code" ? "kaggle-notebook" : "kaggle-dataset"
            return "\(scheme):" + rest.prefix(isVersion ? 4 : 2).joined(separator: "/")
        case "competitions", "c": return rest.first.map { "kaggle-competition:\($0)" }
        default: return nil
        }
    }
}
