import Glibc

/// What stands in the place of a file, so that no file is there to read or to write.
package enum Obstacle: Equatable, Sendable {
    /// A directory.
    case directory
    /// A pipe, a socket or a device.
    case special
    /// A link, where links are not followed.
    case link
    /// A link that leads back to itself, or through too many others.
    case circle
    /// A link that leads to where nothing is.
    case nowhere

    /// What has the place of the file.
    init?(_ kind: FileStatus.Kind) {
        switch kind {
        case .file: return nil
        case .directory: self = .directory
        case .link: self = .link
        case .other: self = .special
        }
    }

    /// The error number that the kernel has for it.
    fileprivate var code: Int32 {
        switch self {
        case .directory: EISDIR
        case .special: EINVAL
        case .link, .circle: ELOOP
        case .nowhere: ENOENT
        }
    }

    private var words: String {
        switch self {
        case .directory: "a directory"
        case .special: "a pipe, a socket or a device"
        case .link: "a link, and links are not followed here"
        case .circle: "a link that leads back to itself"
        case .nowhere: "a link to nothing"
        }
    }

    /// What it is, as the end of a sentence on the path.
    /// - Parameter target: where the path leads to, if it is a link.
    fileprivate func sentence(at target: String?) -> String {
        guard let target else { return "it is \(words)" }
        return self == .nowhere
            ? "it is a link to \(target), where nothing is" : "it is a link to \(target), which is \(words)"
    }

    /// What to do, in a word or two.
    fileprivate var remedy: String {
        switch self {
        case .directory: "name a file"
        case .special: "name a file"
        case .link, .circle: "remove the link, or name the file itself"
        case .nowhere: "remove the link, or name a file that is there"
        }
    }
}

extension FileError {
    /// Something else has the place of a file.
    /// - Parameter target: where the path leads to, if it is a link.
    package init(_ operation: String, _ path: String, _ obstacle: Obstacle, at target: String? = nil) {
        self.init(operation, path, code: obstacle.code, obstacle, reason: obstacle.sentence(at: target))
    }

    /// What to do about a file that cannot be read.
    /// - Parameter missing: what to do if it is not there.
    package func remedy(missing: String = "check the path") -> String {
        if let obstacle { return obstacle.remedy }
        if code == EFBIG { return "name another file: what is meant here is never so large" }
        if code == EEXIST || code == ENOTDIR {
            return "name another path: a file is where a directory has to be"
        }
        return isMissing ? missing : "make it readable"
    }
}

extension FileHandle {
    /// Opens a file that a person named, to read it: links are followed, and an error names the path as it was given.
    package static func named(_ name: String) throws(FileError) -> FileHandle {
        let path = try Directory.realPath(named: name)
        do throws(FileError) {
            return try reading(path)
        } catch {
            throw error.naming(name, insteadOf: path)
        }
    }
}

extension Directory {
    /// The absolute path of what a person named; an error states where a link leads to, if that is what is wrong.
    package static func realPath(named name: String) throws(FileError) -> String {
        do throws(FileError) {
            return try realPath(name)
        } catch {
            guard error.isMissing, let target = try? linkText(name) else { throw error }
            throw FileError("read", name, .nowhere, at: target)
        }
    }
}

extension FileError {
    /// The same with the path as a person gave it, and with where it leads to if it is a link.
    fileprivate func naming(_ name: String, insteadOf path: String) -> FileError {
        guard let obstacle else { return FileError(operation, name, code: code) }
        let isLink = (try? FileStatus.status(of: name).kind) == .link
        return FileError(operation, name, obstacle, at: isLink ? path : nil)
    }
}
