import Formats
package import Manifests

/// Where the Hub is, and the addresses of what it has (huggingface_hub 2.4, `constants.py` and `hf_api.py`).
package struct HubEndpoint: Sendable {
    /// The Hub's own address, without a slash at the end.
    package let address: WebAddress
    /// The path before those of the Hub, for one that is not at the root of its host.
    let prefix: String

    /// What `HF_ENDPOINT` names, else huggingface.co; `nil` where that is no address.
    package init?(environment: [String: String]) {
        self.init(environment["HF_ENDPOINT"] ?? "https://huggingface.co")
    }

    /// Takes an address.
    package init?(_ text: String) {
        guard let address = WebAddress(text) else { return nil }
        self.address = address
        var path = Array(address.target.utf8.prefix { $0 != UInt8(ascii: "?") })
        while path.last == UInt8(ascii: "/") { path.removeLast() }
        prefix = String(decoding: path, as: UTF8.self)
    }

    /// What a revision is now.
    func revision(_ repository: HubRepository, _ revision: String) -> WebAddress {
        api(repository, "revision/" + WebAddress.segment(revision))
    }

    /// The first page of all files of a commit.
    func tree(_ repository: HubRepository, commit: String) -> WebAddress {
        api(repository, "tree/\(commit)?recursive=true&expand=false")
    }

    /// A token to read what a commit has in Xet.
    func xetToken(_ repository: HubRepository, commit: String) -> WebAddress {
        api(repository, "xet-read-token/\(commit)")
    }

    /// A file of a commit.
    func file(_ repository: HubRepository, commit: String, path: RelativePath) -> WebAddress {
        let kind = repository.kind == .model ? "" : "\(repository.kind.rawValue)s/"
        let name = WebAddress.segment(path.text, keepsSlashes: true)
        return address.at("\(prefix)/\(kind)\(repository.id)/resolve/\(commit)/\(name)")
    }

    /// The page of a repository, for people.
    package func page(_ repository: HubRepository) -> String {
        let kind = repository.kind == .model ? "" : "\(repository.kind.rawValue)s/"
        return "\(address.origin)\(prefix)/\(kind)\(repository.id)"
    }

    /// A path of the interface, with its query.
    func interface(_ path: String) -> WebAddress { address.at("\(prefix)/api/\(path)") }

    /// An address of the Hub's interface that is about a repository.
    func api(_ repository: HubRepository, _ rest: String) -> WebAddress {
        address.at("\(prefix)/api/\(repository.kind.rawValue)s/\(repository.id)/\(rest)")
    }

    /// Whether a token for the Hub may be sent to an address: its own origin, over TLS or to this machine.
    func mayHaveToken(_ other: WebAddress) -> Bool {
        other.hasSameOrigin(as: address) && (other.isSecure || other.isLoopback)
    }
}
