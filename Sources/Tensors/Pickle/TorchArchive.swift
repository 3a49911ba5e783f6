import Formats

/// Reads a checkpoint's archive: directory, pickle, and the places of the storages that tensors are in.
struct TorchArchive<Failure: Error> {
    /// Returns the bytes of a range of the file.
    typealias Read = (Range<Int>) throws(Failure) -> [UInt8]

    private let reader: RangedReader<Failure>

    /// Reads nothing yet.
    init(fileSize: Int) {
        reader = RangedReader(fileSize: fileSize)
    }

    /// Reads directory and pickle, and finds where each tensor's storage is.
    /// - Throws: `malformed` where it is no archive of `torch.save` since PyTorch 1.6, a TorchScript program,
    ///   or big-endian.
    func checkpoint(_ read: Read) throws(ReadingStop<Failure>) -> TorchCheckpoint {
        let start = try reader.bytes(0..<min(max(0, reader.fileSize), 16), read)
        guard !TorchCheckpoint.isLegacy(start.span) else {
            throw .malformed(
                FormatError(
                    "it has the format that torch.save wrote before PyTorch 1.6; load it with "
                        + "torch.load(weights_only=True) and save it again", at: 0))
        }
        guard ZipCentralDirectory.isZip(start.span) else {
            throw .malformed(FormatError("it is not a zip archive, as checkpoints of PyTorch are", at: 0))
        }
        let directory = try reader.zipDirectory(read)
        guard let pickle = directory.members.first(where: { Self.isPickle($0.name) }) else {
            throw .malformed(
                FormatError("the archive has no data.pkl, as checkpoints of PyTorch have", at: 0))
        }
        let prefix = String(pickle.name.dropLast("data.pkl".count))
        var members: [ExactName: ZipCentralDirectory.Member] = [:]
        for member in directory.members { members[ExactName(member.name)] = member }
        guard members[ExactName("\(prefix)constants.pkl")] == nil else {
            throw .malformed(FormatError("it is a TorchScript program, not a checkpoint", at: 0))
        }
        if let order = members[ExactName("\(prefix)byteorder")] {
            let bytes = try content(order, limit: 16, read).bytes
            guard bytes.isText("little") else {
                throw .malformed(
                    FormatError(
                        "its numbers are not little-endian; save it again on a machine where they are", at: 0)
                )
            }
        }
        let (lies, bytes) = try content(pickle, limit: PickleReader.maximumLength, read)
        let tree = try reader.checked { () throws(FormatError) in
            do throws(FormatError) {
                return try PickleReader.read(bytes.span)
            } catch {
                throw FormatError(error.message, at: lies.lowerBound + error.offset)
            }
        }
        let names = try reader.checked { () throws(FormatError) in try TorchNames(tree) }
        guard !names.found.isEmpty || !names.skipped.isEmpty || tree.isContainer(tree.root) else {
            throw .malformed(
                FormatError(
                    "its pickle is not a dictionary of tensors\(tree.what(tree.root))", at: lies.lowerBound))
        }
        return TorchCheckpoint(
            tensors: try place(names.found, prefix, members, read), skipped: names.skipped,
            globals: tree.globals.map(\.path))
    }

    private static func isPickle(_ name: String) -> Bool {
        name.hasSameBytes(as: "data.pkl")
            || (name.utf8.ends(with: "/data.pkl") && name.utf8.count { $0 == 0x2F } == 1)
    }

    /// Where a member's content is stored.
    private func place(
        _ member: ZipCentralDirectory.Member, _ read: Read
    ) throws(ReadingStop<Failure>) -> Range<Int> {
        guard member.isPlain else {
            throw .malformed(
                FormatError(
                    "the zip member \(member.name.quoted) is compressed or encrypted, which torch.save does not "
                        + "do; load it with torch.load(weights_only=True) and save it again",
                    at: member.headerStart))
        }
        let header = try reader.bytes(member.localHeader, read)
        return try reader.checked { () throws(FormatError) in try member.content(localHeader: header.span) }
    }

    private func content(
        _ member: ZipCentralDirectory.Member, limit: Int, _ read: Read
    ) throws(ReadingStop<Failure>) -> (place: Range<Int>, bytes: [UInt8]) {
        guard member.size <= limit else {
            throw .malformed(
                FormatError(
                    "the zip member \(member.name.quoted) has \(member.size) bytes, more than \(limit)",
                    at: member.headerStart))
        }
        let range = try place(member, read)
        return (range, try reader.bytes(range, read))
    }

    // MARK: Storages

    private func place(
        _ found: [TorchNames.Found], _ prefix: String, _ members: [ExactName: ZipCentralDirectory.Member],
        _ read: Read
    ) throws(ReadingStop<Failure>) -> [TorchCheckpoint.Tensor] {
        var places: [ExactName: Range<Int>] = [:]
        var tensors: [TorchCheckpoint.Tensor] = []
        tensors.reserveCapacity(found.count)
        for item in found {
            let key = ExactName(item.tensor.key)
            if places[key] == nil {
                guard let member = members[ExactName("\(prefix)data/\(item.tensor.key)")] else {
                    throw .malformed(
                        FormatError(
                            "the storage \(item.tensor.key.quoted) of the tensor \(item.name.quoted) is not there",
                            at: 0))
                }
                places[key] = try place(member, read)
            }
            let storage = places[key] ?? 0..<0
            guard let bytes = Self.bytes(of: item.tensor, in: storage) else {
                throw .malformed(
                    FormatError(
                        "the tensor \(item.name.quoted) passes its storage of \(storage.count) bytes",
                        at: storage.lowerBound))
            }
            let tensor = item.tensor
            tensors.append(
                TorchCheckpoint.Tensor(
                    name: item.name, dtype: tensor.dtype, shape: tensor.shape, strides: tensor.strides,
                    bytes: bytes))
        }
        return tensors
    }

    /// Where a tensor is stored; `nil` where that is not in its storage.
    private static func bytes(of tensor: TorchTensor, in storage: Range<Int>) -> Range<Int>? {
        let size = tensor.dtype.bitsPerElement / 8
        // A tensor of one element expanded can claim any shape; no model has such of billions.
        guard let (count, span) = tensor.extent, count <= max(span, 1 << 36) else { return nil }
        let room = storage.count / size
        if span == 0 { return storage.lowerBound..<storage.lowerBound }
        guard span <= room, tensor.offset <= room - span else { return nil }
        let start = storage.lowerBound + tensor.offset * size
        return start..<start + span * size
    }
}

extension PickleTree {
    fileprivate func isContainer(_ value: Reference) -> Bool {
        switch self[value] {
        case .dictionary, .list, .tuple: true
        default: false
        }
    }

    /// The class of an object, for messages.
    fileprivate func what(_ value: Reference) -> String {
        guard case .call(let callee, _) = self[value], let global = global(callee) else { return "" }
        return ", but an object that \(global.path.quoted) makes: save its state_dict() instead"
    }
}
