import Formats

extension ProgramFile {
    // MARK: Zip

    /// Looks at the members of a zip archive that may be a program or describe one.
    mutating func zip(_ part: Part, _ read: Read) throws(Failure) {
        guard part.depth < Self.maximumDepth else { return unreadable("it is too deep in archives", part) }
        let name = part.name.lastPart.asciiLowercased
        if [".keras", ".skops", ".mar", ".pt2", ".nemo"].contains(where: { name.hasUTF8Suffix($0) }) {
            found(Self.format(of: name))
        }
        do throws(ReadingStop<Failure>) {
            let directory = try RangedReader<Failure>(fileSize: part.size).zipDirectory(read)
            for member in directory.members where member.size > 0 {
                try look(at: member, part, among: directory.members, read)
            }
            recognize(directory.members, part)
        } catch {
            // An archive that is not one of these formats, and cannot be read, is the pickle scanner's to judge.
            if case .malformed = error, scan == nil { return }
            try stopped(error, part)
        }
    }

    /// What the names of the members alone say.
    private mutating func recognize(_ members: [ZipCentralDirectory.Member], _ part: Part) {
        let names = members.map(\.name)
        let isTorch = names.contains { PickleName.isTorchPickle($0) }
        if isTorch, let program = names.first(where: { PickleName.isProgram($0) }) {
            found("TorchScript")
            add("it holds a TorchScript program: \(program.shortAndPlain)", part)
        }
        // Its shapes are expressions that sympy hands to Python's eval.
        let exported = names.first {
            $0.lastPart.hasSameBytes(as: "serialized_exported_program.json")
                || $0.lastPart.hasSameBytes(as: "archive_format")
        }
        if let exported {
            found("PyTorch program")
            add("it holds a program of torch.export: \(exported.shortAndPlain)", part)
        }
        if let code = names.first(where: { PickleName($0).isCode }), scan != nil {
            add("it holds code: \(code.shortAndPlain)", part)
        }
    }

    private mutating func look(
        at member: ZipCentralDirectory.Member, _ part: Part, among members: [ZipCentralDirectory.Member],
        _ read: Read
    ) throws(ReadingStop<Failure>) {
        let inner = Part(
            name: member.name,
            member: part.member.isEmpty ? member.name : "\(part.member)/\(member.name)",
            size: member.size, depth: part.depth + 1)
        guard let task = task(member.name, inner, among: members) else { return }
        let reader = RangedReader<Failure>(fileSize: .max)
        let header = try reader.bytes(member.localHeader, read)
        let content = try reader.checked { () throws(FormatError) in
            try member.content(localHeader: header.span)
        }
        guard !member.isEncrypted, member.flags & 0x20 == 0, member.method == 0 || member.method == 8 else {
            return unreadable("it is encrypted, or compressed in a way that is not looked into", inner)
        }
        do throws(Failure) {
            if member.method == 0 {
                try perform(task, inner) { range throws(Failure) in
                    try read(range.lowerBound + content.lowerBound..<range.upperBound + content.lowerBound)
                }
            } else {
                var inflated = InflatedContent<Failure>(content)
                try perform(task, inner) { range throws(Failure) in try inflated.bytes(range, read) }
            }
        } catch { throw .failure(error) }
    }

    // MARK: Members

    /// What is done with a member.
    private enum Task {
        case keras, skops, manifest, hydra, look
    }

    private mutating func task(
        _ path: String, _ part: Part, among members: [ZipCentralDirectory.Member]
    ) -> Task? {
        let name = path.lastPart.asciiLowercased
        switch scan?.format {
        case "Keras model" where path.hasSameBytes(as: "config.json"): return .keras
        case "skops file" where path.hasSameBytes(as: "schema.json"): return .skops
        case "TorchServe archive" where path.hasSameBytes(as: "MAR-INF/MANIFEST.json"): return .manifest
        case "NeMo archive" where name.hasUTF8Suffix(".yaml") || name.hasUTF8Suffix(".yml"): return .hydra
        default: break
        }
        // The same without the suffix that the format has.
        if part.depth == 1, path.hasSameBytes(as: "schema.json"), scan == nil { return .skops }
        if part.depth == 1, path.hasSameBytes(as: "MAR-INF/MANIFEST.json") { return .manifest }
        if part.depth == 1, path.hasSameBytes(as: "config.json"),
            members.contains(where: {
                $0.name.hasSameBytes(as: "metadata.json") || $0.name.hasUTF8Prefix("model.weights.")
            }
            )
        {
            found("Keras model")
            return .keras
        }
        let nested = [
            ".keras", ".h5", ".hdf5", ".skops", ".nemo", ".mar", ".onnx", ".pt2", ".pb", ".tar", ".zip",
        ]
        return nested.contains { name.hasUTF8Suffix($0) } ? .look : nil
    }

    private mutating func perform(_ task: Task, _ part: Part, _ read: Read) throws(Failure) {
        switch task {
        case .look: try look(part, read)
        case .keras: if let json = try json(part, read) { review(json, part) }
        case .skops:
            guard let json = try json(part, read) else { return }
            // Another archive may have a document of this name.
            guard scan != nil || json["__loader__"] != nil || json["protocol"] != nil else { return }
            found("skops file")
            var review = SkopsReview()
            review.visit(json)
            for message in review.messages { add(message, part) }
        case .manifest:
            found("TorchServe archive")
            guard let json = try json(part, read) else { return }
            for message in TorchServeManifest.messages(json) { add(message, part) }
        case .hydra:
            guard let bytes = try whole(part, read) else { return }
            guard let json = yaml(bytes) else { return unreadable("it is not YAML that can be read", part) }
            for target in NamedTargets.all(in: json, takesBare: true) {
                add("its \(target.key) names \(target.value.shortAndPlain), which is called", part)
            }
        }
    }

    // MARK: Tar

    /// Looks at the members of a tar archive, which NeMo's and TorchServe's are.
    mutating func tar(_ part: Part, _ read: Read) throws(Failure) {
        guard part.depth < Self.maximumDepth else { return unreadable("it is too deep in archives", part) }
        let name = part.name.lastPart.asciiLowercased
        if name.hasUTF8Suffix(".nemo") { found("NeMo archive") }
        if name.hasUTF8Suffix(".mar") { found("TorchServe archive") }
        var position = 0
        // What an extended header calls the member after it.
        var longName: String?
        while part.size - position >= TarHeader.size {
            let block = try read(position..<position + TarHeader.size)
            guard block.count == TarHeader.size, TarHeader.isHeader(block.span),
                let header = TarHeader(block.span)
            else {
                // Two empty blocks end an archive; all else the pickle scanner refuses.
                if scan != nil, !block.allSatisfy({ $0 == 0 }) {
                    unreadable("a header of the archive is broken", part)
                }
                return
            }
            let start = position + TarHeader.size
            guard header.length <= part.size - start else {
                if scan != nil { unreadable("a member of the archive is cut short", part) }
                return
            }
            func content(_ range: Range<Int>) throws(Failure) -> [UInt8] {
                try read(range.lowerBound + start..<range.upperBound + start)
            }
            switch header.kind {
            case 0, 0x30, 0x37:
                let name = longName ?? header.name
                longName = nil
                try tarMember(
                    Part(
                        name: name, member: part.member.isEmpty ? name : "\(part.member)/\(name)",
                        size: header.length, depth: part.depth + 1), content)
            case 0x35: longName = nil
            case 0x78:
                // Another length or a sparse member would make other readers find other members.
                let bytes = header.length <= Self.maximumHeader ? try content(0..<header.length) : []
                guard let records = PaxRecords(bytes), records.unknown == nil else {
                    unreadable("an extended header of the archive states what is not followed", part)
                    return
                }
                longName = records.path
            default:
                // Links, devices, GNU's long names and headers for all members.
                if scan != nil {
                    unreadable("the archive has a member of a kind that is not looked into", part)
                }
            }
            position = start + (header.length + TarHeader.size - 1) / TarHeader.size * TarHeader.size
        }
    }

    private mutating func tarMember(_ part: Part, _ read: Read) throws(Failure) {
        let name = part.name.lastPart.asciiLowercased
        if scan == nil, name.hasSameBytes(as: "model_config.yaml") { found("NeMo archive") }
        if scan?.format == "NeMo archive", name.hasUTF8Suffix(".yaml") || name.hasUTF8Suffix(".yml") {
            return try perform(.hydra, part, read)
        }
        if part.name.hasUTF8Suffix("MAR-INF/MANIFEST.json") { return try perform(.manifest, part, read) }
        if scan != nil, PickleName(part.name).isCode {
            return add("it holds code: \(part.name.shortAndPlain)", part)
        }
        let nested = [".keras", ".h5", ".hdf5", ".skops", ".nemo", ".mar", ".onnx", ".pt2", ".pb"]
        if nested.contains(where: { name.hasUTF8Suffix($0) }) { try look(part, read) }
    }

    // MARK: Gzip

    /// Looks into an archive that gzip compressed.
    mutating func gzip(_ part: Part, _ head: [UInt8], _ read: Read) throws(Failure) {
        let name = part.name.lastPart.asciiLowercased
        if name.hasUTF8Suffix(".nemo") { found("NeMo archive") }
        if name.hasUTF8Suffix(".mar") { found("TorchServe archive") }
        guard let extent = PickleName.deflated(head), extent.header < part.size - extent.trailer,
            part.depth < Self.maximumDepth
        else { return unreadable("its compression cannot be read", part) }
        let end = part.size - extent.trailer
        var inflated = InflatedContent<Failure>(extent.header..<end)
        guard let size = try inflated.length(read) else {
            return unreadable(
                "the compressed bytes are broken, more than one stream, or stand for far more", part)
        }
        let plain =
            name.hasUTF8Suffix(".gz")
            ? String(decoding: part.name.utf8.dropLast(3), as: UTF8.self) : part.name
        let inner = Part(name: plain, member: part.member, size: size, depth: part.depth + 1)
        try look(inner) { range throws(Failure) in try inflated.bytes(range, read) }
    }
}
