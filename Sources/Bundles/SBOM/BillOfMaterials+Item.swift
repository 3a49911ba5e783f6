import Formats
package import Manifests
import ModelFacts
package import Storage

extension BillOfMaterials {
    /// An entry of the lock, in the words that both formats need.
    package struct Item: Sendable {
        /// What the lock has of it.
        package let entry: LockedEntry
        /// The organization or account that publishes it; `nil` for directories and what was converted.
        package let owner: String?
        /// The name where it is published; else the entry's.
        package let name: String
        /// The commit, the version on Kaggle, or the digest of its files.
        package let version: String
        /// The package URL; `nil` where no type of package URLs fits.
        let packageURL: String?
        /// The page with exactly this revision, where it has revisions.
        let address: String?
        /// The licence in SPDX's words; `nil` where nobody states it, or states nothing by it.
        package let license: StatedLicense?
        /// What it was made from: base models, and the entries that were converted.
        let ancestors: [Ancestor]

        /// Looks up the licence and the ancestors of an entry of a lock.
        package init(_ entry: LockedEntry, in lock: Lock) throws(HashingFailure) {
            self.entry = entry
            license = entry.license.flatMap { StatedLicense($0.id) }
            ancestors = Self.ancestors(of: entry, in: lock)
            switch entry.origin {
            case .hub(let repository, _, let commit):
                let parts = repository.id.utf8.split(separator: UInt8(ascii: "/")).map {
                    String(Substring($0))
                }
                owner = parts.count > 1 ? parts.first : nil
                name = parts.last ?? repository.id
                version = commit
                let isModel = repository.kind == .model
                packageURL = isModel ? PackageURL.huggingFace(repository.id, commit: commit) : nil
                let page = "https://huggingface.co/\(isModel ? "" : "\(repository.kind.rawValue)s/")"
                address = "\(page)\(PackageURL.encoded(repository.id))/tree/\(commit)"
            case .kaggle(let handle):
                let isCompetition = handle.kind == .competition
                owner = isCompetition ? nil : handle.parts.first
                name = handle.parts.dropFirst(isCompetition ? 0 : 1).joined(separator: "/")
                if let number = handle.version {
                    version = "\(number)"
                } else {
                    version = "sha256:\(try Self.digest(of: entry.files).hex)"
                }
                packageURL = nil
                let page = handle.kind == .notebook ? "code" : "\(handle.kind.rawValue)s"
                address = "https://www.kaggle.com/\(page)/\(handle.text)"
            case .registry(let artifact, let manifest):
                owner = nil
                name = artifact.entry ?? Path.name(artifact.reference.repository)
                version = "sha256:\(manifest.hex)"
                packageURL = PackageURL.oci(artifact.reference, manifest: manifest)
                address = nil
            case .path, .conversion:
                owner = nil
                name = entry.name
                version = "sha256:\(try Self.digest(of: entry.files).hex)"
                packageURL = nil
                address = nil
            }
        }

        /// The folder in the bundle of the natural paths of the entry's files.
        var folder: String { "\(entry.kind.folder)/\(entry.name)" }

        /// The size of the files in bytes.
        package var size: Int { entry.files.reduce(0) { $0 &+ $1.size } }

        /// What made the files; `nil` for what was not converted.
        package var conversion: LockedConversion? {
            if case .conversion(let conversion) = entry.origin { conversion } else { nil }
        }

        /// Whether it is a change of weights that needs its base model: PEFT's adapters have this file.
        var isAdapter: Bool { entry.files.contains { ModelPath($0.path).file == "adapter_config.json" } }

        /// What is known of the model, name by name, as texts.
        package var facts: [(name: String, value: String)] {
            [
                "dtypes", "formats", "library", "model_type", "outtype", "parameters", "pipeline_tag",
                "quantization", "via",
            ].compactMap { name in
                guard let fact = entry.fact(name), let text = fact.plainText else { return nil }
                return (name, text)
            }
        }

        /// The SHA-256 of the lines that `sha256sum` prints for the files in the entry's folder, sorted by path.
        private static func digest(of files: [LockedFile]) throws(HashingFailure) -> SHA256Digest {
            var hasher = try ContentHasher()
            for file in files { try hasher.update(Array("\(file.sha256.hex)  \(file.path)\n".utf8).span) }
            return try hasher.finish().sha256
        }

        private static func ancestors(of entry: LockedEntry, in lock: Lock) -> [Ancestor] {
            if case .conversion(let conversion) = entry.origin {
                let merged = conversion.parameters.first { $0.key == "merge" }?.value.strings ?? []
                let names = (entry.asked.conversion.map { [$0.from] } ?? []) + merged
                return names.map { Ancestor(name: $0, entry: $0, packageURL: nil) }
            }
            var seen: Set<ExactName> = []
            let names = (entry.fact("base_models")?.strings ?? []).filter {
                seen.insert(ExactName($0)).inserted
            }
            return names.map { name in
                var isModel = false
                if case .hub? = try? Source.parse("hf:\(name)"), !name.utf8.contains(UInt8(ascii: "@")) {
                    isModel = true
                }
                let packed = lock.entries.first { other in
                    guard case .hub(let repository, _, _) = other.origin, repository.kind == .model else {
                        return false
                    }
                    return repository.id.hasSameBytes(as: name) && other.name != entry.name
                }
                return Ancestor(
                    name: name, entry: packed?.name,
                    packageURL: isModel ? PackageURL.huggingFace(name, commit: nil) : nil)
            }
        }
    }

    /// What an entry was made from.
    struct Ancestor: Sendable {
        /// The name: the one that the model card gives, or the entry's.
        let name: String
        /// The entry of the same lock that it is; `nil` where the bundle does not have it.
        let entry: String?
        /// The package URL without a revision, which a model card does not name.
        let packageURL: String?
    }
}

extension LockedFile {
    /// What the lock states of the file that no format has a place for.
    var remark: String { "\(size) bytes, proof: \(proof.rawValue)" }
}

extension JSON {
    /// A value in one line without quotation marks; texts of a list and members of an object are joined by commas.
    var plainText: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .bool(let value): "\(value)"
        case .array: strings?.joined(separator: ", ")
        case .object(let members):
            members.map { "\($0.key) \($0.value.plainText ?? $0.value.compactText)" }.joined(separator: ", ")
        case .null, .number: nil
        }
    }
}
