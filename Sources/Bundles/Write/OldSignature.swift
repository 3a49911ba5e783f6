import Formats
import Storage

/// The signature in a bundle that is replaced: `pack` did not write it, and it is of the old bundle's bytes.
package enum OldSignature: Equatable, Sendable {
    /// There is none.
    case none
    /// The new bundle has the same bytes, so that it is carried over as it is.
    case kept([UInt8])
    /// The new bundle has other bytes, so that it would not hold any more.
    case outdated

    /// What becomes of the signature of the bundle that has a name.
    /// - Parameter generated: the new bundle's generated files. They name every other file with its digest, so that a
    ///   bundle with the same ones is the same.
    static func found(in target: String, replacedBy generated: [GeneratedFiles.File]) throws -> OldSignature {
        let path = ModelSignature.name.joined(to: target)
        guard try FileStatus.existing(path) != nil else { return .none }
        let bytes = try FileReader.contents(of: path, limit: ModelSignature.sizeLimit)
        let isSame = generated.allSatisfy { file in
            let limit = file.bytes.count
            return (try? FileReader.contents(of: file.path.joined(to: target), limit: limit)) == file.bytes
        }
        return isSame ? .kept(bytes) : .outdated
    }
}
