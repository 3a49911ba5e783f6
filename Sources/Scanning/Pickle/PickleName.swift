import Formats

/// What a file's name, and its first bytes, say of whether there are pickles in it.
struct PickleName {
    /// The name after the last "/", with small letters for large ones.
    private let name: [UInt8]

    /// Takes a path in a file system or an archive; only its last part counts.
    init(_ path: String) {
        let last =
            path.utf8.lastIndex(of: 0x2F).map { path.utf8[path.utf8.index(after: $0)...] } ?? path.utf8[...]
        name = last.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    /// Whether a file of such a name is nothing but pickles, or something that holds them.
    var isPickle: Bool { ends(Self.pickles) }

    /// Whether a file of such a name often has pickles.
    var isLikely: Bool { isPickle || ends(Self.likely) }

    private static let pickles = [
        ".pkl", ".pickle", ".pk", ".joblib", ".jbl", ".dill", ".cloudpickle", ".pt", ".pth", ".ckpt", ".sav",
    ]
    private static let likely = [
        ".bin", ".npy", ".npz", ".zip", ".model", ".dat", ".p", ".nemo", ".tar", ".mar", ".keras", ".h5",
    ]

    private func ends(_ suffixes: [String]) -> Bool {
        suffixes.contains { name.count >= $0.utf8.count && name.ends(with: $0) }
    }

    /// How the content is compressed; `nil` where it is not, and where a file of such a name is of no interest.
    func compression(of head: [UInt8]) -> (name: String, isDeflate: Bool)? {
        let found = Self.compressions.first { head.starts(with: $0.magic) }
        guard let found else { return isZlib(head) ? ("compressed with zlib", true) : nil }
        return found.isArchive || isWrapped ? (found.name, head[0] == 0x1F) : nil
    }

    /// Only pickles of joblib's are plain zlib; the two bytes alone say little.
    private func isZlib(_ head: [UInt8]) -> Bool {
        guard isPickle, head.count > 2, head[0] == 0x78 else { return false }
        return (Int(head[0]) << 8 | Int(head[1])).isMultiple(of: 31)
    }

    /// Whether the name is that of a pickle or an archive, or of a compressed one.
    private var isWrapped: Bool {
        if isLikely || ends([".tgz", ".txz", ".tbz2", ".tzst"]) { return true }
        guard let dot = name.lastIndex(of: 0x2E) else { return false }
        return PickleName(String(decoding: name[..<dot], as: UTF8.self)).isLikely
    }

    /// Where compressed bytes start and how many follow them, for gzip and zlib; `nil` for all else, and for gzip
    /// with a name or a comment that is longer than the head.
    static func deflated(_ head: [UInt8]) -> (header: Int, trailer: Int)? {
        guard head.starts(with: [0x1F, 0x8B]) else { return (2, 4) }
        guard head.count > 10, head[2] == 8, head[3] & 0xE2 == 0 else { return nil }
        var position = 10
        if head[3] & 4 != 0 {
            guard head.count > 12 else { return nil }
            position = 12 + Int(head[10]) + Int(head[11]) << 8
        }
        for bit in [8, 16] as [UInt8] where head[3] & bit != 0 {
            guard position < head.count, let end = head[position...].firstIndex(of: 0) else { return nil }
            position = end + 1
        }
        return (position, 8)
    }

    /// A name without the suffix that states the compression.
    static func uncompressed(_ name: String) -> String {
        for suffix in [".gz", ".z", ".zlib"] where name.utf8.ends(with: suffix) {
            return String(decoding: name.utf8.dropLast(suffix.utf8.count), as: UTF8.self)
        }
        return name.utf8.ends(with: ".tgz") ? "\(name).tar" : name
    }

    // MARK: Members of archives

    /// Whether it is an array in an archive of NumPy's.
    var isArray: Bool { ends([".npy"]) }

    /// Whether it is a program, compiled or not.
    var isCode: Bool { ends([".py", ".pyc", ".so", ".dll", ".dylib"]) }

    /// Whether a member is the pickle that PyTorch reads first, which it finds whatever the case of the letters.
    static func isTorchPickle(_ path: String) -> Bool {
        let last = PickleName(path).name
        return last.isText("data.pkl")
    }

    /// Whether a member is a part of a TorchScript program.
    static func isProgram(_ path: String) -> Bool {
        path.utf8.split(separator: 0x2F).dropLast().contains { $0.isText("code") }
    }

    /// Whether a member is a storage of numbers: `data/` and a number, one directory deep at most.
    static func isStorage(_ path: String) -> Bool {
        let parts = path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts[parts.count - 2].isText("data"),
            let last = parts.last
        else { return false }
        return !last.isEmpty && last.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static let compressions: [(magic: [UInt8], name: String, isArchive: Bool)] = [
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", true),
        ([0x52, 0x61, 0x72, 0x21, 0x1A, 0x07], "a RAR archive", true),
        ([0x1F, 0x8B], "compressed with gzip", false), ([0x42, 0x5A, 0x68], "compressed with bzip2", false),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "compressed with xz", false),
        ([0x5D, 0x00, 0x00], "compressed with lzma", false),
        ([0x04, 0x22, 0x4D, 0x18], "compressed with lz4", false),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd", false),
        (Array("ZF".utf8), "compressed by an old joblib", false),
    ]

    /// Whether the first bytes are those of a format that is no pickle, whatever the name states.
    static func isOtherFormat(_ head: [UInt8]) -> Bool {
        if head.starts(with: "GGUF".utf8) || head.starts(with: "version https://git-lfs".utf8) { return true }
        if head.starts(with: "lmgg".utf8) || head.starts(with: "tjgg".utf8) { return true }
        return head.count > 9 && head[8] == 0x7B && head[4..<8].allSatisfy { $0 == 0 }
    }

    /// Whether the first bytes are the number that `torch.save` wrote first before 1.6, in a pickle of any protocol.
    static func isLegacyTorch(_ head: [UInt8]) -> Bool {
        let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        return head.first == 0x80
            && (head.dropFirst(2).starts(with: magic) || head.dropFirst(11).starts(with: magic))
    }

    /// Whether the header of a `.npy` file names a type of Python objects: an O in quotes, perhaps with a byte order
    /// and a size.
    static func hasObjects(_ bytes: Span<UInt8>, _ end: Int) -> Bool {
        for index in 10..<max(10, min(end, bytes.count)) where bytes[index] == 0x4F {
            let isStart = [0x27, 0x22, 0x7C, 0x3C, 0x3E, 0x3D].contains(bytes[index - 1])
            var next = index + 1
            while next < end, (0x30...0x39).contains(bytes[next]) { next += 1 }
            if isStart, next < end, bytes[next] == 0x27 || bytes[next] == 0x22 { return true }
        }
        return false
    }

    /// Whether a text of at least two bytes is in some bytes.
    static func contains(_ bytes: Span<UInt8>, _ text: [UInt8]) -> Bool {
        let wanted = text.span
        guard bytes.count >= wanted.count else { return false }
        let (first, second) = (wanted[0], wanted[1])
        for start in 0...bytes.count - wanted.count where bytes[start] == first && bytes[start + 1] == second
        {
            var index = 2
            while index < wanted.count, bytes[start + index] == wanted[index] { index += 1 }
            if index == wanted.count { return true }
        }
        return false
    }
}
