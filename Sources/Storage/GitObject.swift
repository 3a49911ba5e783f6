/// The names that git gives to objects: the SHA-1 of the kind, a space, the length in decimal, a NUL, the content.
package enum GitObject {
    /// The kinds of objects; the raw value is git's word.
    package enum Kind: String, Sendable {
        /// The content of a file.
        case blob
        /// The entries of a folder.
        case tree
        /// A state of all files, with what led to it.
        case commit
    }

    /// The name of an object in memory.
    package static func name(_ kind: Kind, _ bytes: [UInt8]) throws(HashingFailure) -> GitBlobDigest {
        var context = try DigestContext.sha1()
        try context.update(Array("\(kind.rawValue) \(bytes.count)\0".utf8).span)
        try context.update(bytes.span)
        return GitBlobDigest(try context.finish())
    }
}
