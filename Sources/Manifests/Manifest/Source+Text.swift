import Formats

/// What is wrong with the text of a source.
package struct SourceError: Error, Equatable, Sendable {
    /// A clause without a full stop, to be read after "the source": "has the version \"x\"".
    package let message: String
    /// What would be accepted.
    package let allowed: String
    /// A text that was probably meant, or `nil`.
    package let suggestion: String?

    /// Takes the parts as they are to be printed: the two clauses without a full stop.
    init(_ message: String, allowed: String, suggestion: String? = nil) {
        self.message = message
        self.allowed = allowed
        self.suggestion = suggestion
    }
}

extension Source {
    /// What a source's text starts with, up to the colon; the raw value is that text.
    package enum Scheme: String, Sendable, CaseIterable {
        /// A model of the Hugging Face Hub.
        case hub = "hf"
        /// A data set of the Hugging Face Hub.
        case hubDataset = "hf-dataset"
        /// A space of the Hugging Face Hub.
        case hubSpace = "hf-space"
        /// A kernel of the Hugging Face Hub: code that the library kernels loads.
        case hubKernel = "hf-kernel"
        /// A model of Kaggle.
        case kaggle
        /// A data set of Kaggle.
        case kaggleDataset = "kaggle-dataset"
        /// A competition's data on Kaggle.
        case kaggleCompetition = "kaggle-competition"
        /// The output of a notebook of Kaggle.
        case kaggleNotebook = "kaggle-notebook"
        /// An artifact of an OCI registry.
        case registry = "oci"
        /// A directory.
        case path

        /// What follows the colon, in words.
        package var form: String {
            switch self {
            case .hub, .hubDataset, .hubSpace, .hubKernel: "\(rawValue):organization/name@revision"
            case .kaggle: "kaggle:owner/model/framework/variation/version"
            case .kaggleDataset, .kaggleNotebook: "\(rawValue):owner/name/versions/number"
            case .kaggleCompetition: "kaggle-competition:name"
            case .registry: "oci:host/repository:tag"
            case .path: "path:directory"
            }
        }
    }

    /// The scheme of the source's text.
    package var scheme: Scheme {
        switch self {
        case .hub(let repository, _):
            switch repository.kind {
            case .model: .hub
            case .dataset: .hubDataset
            case .space: .hubSpace
            case .kernel: .hubKernel
            }
        case .kaggle(let handle): handle.kind.scheme
        case .registry: .registry
        case .path: .path
        }
    }

    /// The text that ``parse(_:)`` makes the same source of; a revision is always written out.
    package var text: String {
        switch self {
        case .hub(let repository, let revision): "\(scheme.rawValue):\(repository.id)@\(revision)"
        case .kaggle(let handle): "\(scheme.rawValue):\(handle.text)"
        case .registry(let artifact): "oci:\(artifact.text)"
        case .path(let directory): "path:\(directory)"
        }
    }

    /// Reads the text of a source, such as `hf:org/name@main`; without a revision "main" is meant.
    ///
    /// Parts that could lead out of a cache's folder ("..", empty parts, "/" at the start) are refused.
    package static func parse(_ text: String) throws(SourceError) -> Source {
        let (name, rest) = text.cut(at: ":")
        guard let rest, let scheme = Scheme(rawValue: name) else { throw unknownScheme(of: text) }
        switch scheme {
        case .hub: return try hub(.model, rest)
        case .hubDataset: return try hub(.dataset, rest)
        case .hubSpace: return try hub(.space, rest)
        case .hubKernel: return try hub(.kernel, rest)
        case .kaggle: return .kaggle(try KaggleHandle.parse(.model, rest))
        case .kaggleDataset: return .kaggle(try KaggleHandle.parse(.dataset, rest))
        case .kaggleCompetition: return .kaggle(try KaggleHandle.parse(.competition, rest))
        case .kaggleNotebook: return .kaggle(try KaggleHandle.parse(.notebook, rest))
        case .registry: return .registry(try RegistrySource.parse(rest))
        case .path: return .path(try directory(rest))
        }
    }

    private static func unknownScheme(of text: String) -> SourceError {
        let (name, rest) = text.cut(at: ":")
        let allowed = Scheme.allCases.map { "\($0.rawValue):" }.joined(separator: ", ")
        if SourceAddress.isAddress(text) {
            return SourceError("is an address", allowed: allowed, suggestion: SourceAddress.source(of: text))
        }
        guard rest != nil else {
            let isPath = text.hasUTF8Prefix("/") || text.hasUTF8Prefix("./") || text.hasUTF8Prefix("../")
            return SourceError(
                "does not state where to look", allowed: "a text that starts with one of \(allowed)",
                suggestion: isPath ? "path:\(text)" : hubText(text))
        }
        let probable = Suggestion.nearest(to: name, among: Scheme.allCases.map(\.rawValue))
        return SourceError(
            "starts with \(quoted(name + ":"))", allowed: allowed, suggestion: probable.map { "\($0):" })
    }

    /// The text with the Hub's scheme before it, where that is a source with an organization.
    private static func hubText(_ text: String) -> String? {
        guard case .hub(let repository, _)? = try? hub(.model, text), repository.id.utf8.contains(0x2F) else {
            return nil
        }
        return "hf:\(text)"
    }

    private static func hub(_ kind: HubRepository.Kind, _ text: String) throws(SourceError) -> Source {
        let (id, revision) = text.cut(at: "@")
        if let problem = HubRepository.problem(inID: id) {
            throw SourceError(
                "names the repository \(quoted(id)), which \(problem)",
                allowed: "organization/name, each at most 96 letters, digits, '-', '_' and '.'")
        }
        if let revision, let problem = HubRepository.problem(inRevision: revision) {
            throw SourceError(
                "has the revision \(quoted(revision)), which \(problem)",
                allowed: "a branch, a tag, a commit or a ref such as refs/pr/1")
        }
        return .hub(HubRepository(kind: kind, id: id), revision: revision ?? "main")
    }

    private static func directory(_ text: String) throws(SourceError) -> String {
        let allowed = "a directory, relative to the manifest or absolute"
        guard !text.isEmpty else { throw SourceError("names no directory", allowed: allowed) }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw SourceError("has a control character in the directory's name", allowed: allowed)
        }
        if text == "~" || text.hasUTF8Prefix("~/") {
            throw SourceError("starts with \"~\", which is not expanded", allowed: allowed)
        }
        return text
    }
}

extension KaggleHandle.Kind {
    /// The scheme of its sources.
    package var scheme: Source.Scheme {
        switch self {
        case .model: .kaggle
        case .dataset: .kaggleDataset
        case .competition: .kaggleCompetition
        case .notebook: .kaggleNotebook
        }
    }
}

extension String {
    /// The text before and after the first `separator`; nothing after it if there is none.
    fileprivate func cut(at separator: Unicode.Scalar) -> (String, String?) {
        let scalars = unicodeScalars
        guard let index = scalars.firstIndex(of: separator) else { return (self, nil) }
        return (String(scalars[..<index]), String(scalars[scalars.index(after: index)...]))
    }
}
