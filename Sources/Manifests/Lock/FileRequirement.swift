package import Formats

/// Files that one file of a model asks for by their names: they have to be there for what names them to load.
package struct FileRequirement: Hashable, Sendable {
    /// What the files are to the one that names them.
    package enum Kind: String, Sendable, CaseIterable {
        /// A module of sentence-transformers, or what it is loaded from.
        case module
        /// A component of a diffusers pipeline, or what it is loaded from.
        case component
        /// Data of an ONNX model's tensors, which ONNX Runtime takes from beside the model alone.
        case externalData = "external-data"
        /// Python code that loading imports.
        case code
        /// What prepares pictures and sounds.
        case processor
        /// Another part of weights in several files.
        case part
        /// The projector of a GGUF model that sees or hears.
        case projector
    }

    /// What the files are.
    package let kind: Kind
    /// The path of the file that asks for them.
    package let file: RelativePath
    /// Paths that must all be there; as the file has them where they are no paths of a snapshot.
    package let names: [ExactName]
    /// Patterns as ``Glob`` reads them, of which one must be met; empty if there are ``names``.
    package let oneOf: [ExactName]
    /// Whether the model loads without them, so that their absence is a warning.
    package let isOptional: Bool

    /// The most names that a lock records of a file.
    package static let most = 10_000

    /// A requirement of all of some files.
    package init(_ kind: Kind, by file: RelativePath, all names: [String], isOptional: Bool = false) {
        self.kind = kind
        self.file = file
        self.names = names.prefix(Self.most).map { ExactName($0) }
        oneOf = []
        self.isOptional = isOptional
    }

    /// A requirement of one of some files.
    package init(_ kind: Kind, by file: RelativePath, oneOf patterns: [String], isOptional: Bool = false) {
        self.kind = kind
        self.file = file
        names = []
        oneOf = patterns.map { ExactName($0) }
        self.isOptional = isOptional
    }

    /// Those of ``names`` that can be paths of a snapshot.
    package var paths: [RelativePath] { names.compactMap { RelativePath($0.text) } }

    /// The name of the fact in a lock that holds requirements.
    package static let fact = "requires"

    /// The record in a lock.
    package var json: JSON {
        var members = [JSON.Member("file", .string(file.text)), JSON.Member("kind", .string(kind.rawValue))]
        if !names.isEmpty { members.append(JSON.Member("names", .array(names.map { .string($0.text) }))) }
        if !oneOf.isEmpty { members.append(JSON.Member("one_of", .array(oneOf.map { .string($0.text) }))) }
        if isOptional { members.append(JSON.Member("optional", .bool(true))) }
        return .object(members)
    }

    /// Reads the record of a lock; `nil` if it is not one.
    package init?(_ json: JSON) {
        guard let file = json["file"]?.string.flatMap({ RelativePath($0) }),
            let kind = json["kind"]?.string.flatMap(Kind.init)
        else { return nil }
        self.file = file
        self.kind = kind
        names = (json["names"]?.strings ?? []).map { ExactName($0) }
        oneOf = (json["one_of"]?.strings ?? []).map { ExactName($0) }
        isOptional = json["optional"]?.bool ?? false
    }

    /// The pattern that only this path meets.
    package static func pattern(_ path: String) -> String {
        String(
            String.UnicodeScalarView(
                path.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
                    "*?[".unicodeScalars.contains(scalar) ? ["[", scalar, "]"] : [scalar]
                }))
    }
}

extension LockedEntry {
    /// What the entry's files ask for by name.
    package var requirements: [FileRequirement] {
        (fact(FileRequirement.fact)?.array ?? []).compactMap(FileRequirement.init)
    }
}
