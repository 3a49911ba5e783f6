import Formats

/// Looks at one file, and at the members of archives in it, for programs.
struct ProgramFile<Failure: Error> {
    /// Returns the bytes of a range of a part; fewer if it is cut short.
    typealias Read = (Range<Int>) throws(Failure) -> [UInt8]

    /// A file, or a member of an archive.
    struct Part {
        /// The name that decides where the content does not.
        let name: String
        /// The path in the archive; empty for the file itself.
        let member: String
        /// The length in bytes.
        let size: Int
        /// How many archives it is in.
        var depth = 0
    }

    /// The deepest archive in archives that is looked into.
    static var maximumDepth: Int { 3 }
    /// The longest document - JSON, YAML, manifest - that is read.
    static var maximumDocument: Int { 64 << 20 }
    /// The longest extended header of a tar archive that is read.
    static var maximumHeader: Int { 1 << 16 }
    /// The longest protobuf without tensors in files of their own.
    static var maximumProtobuf: Int { 2 << 30 }

    /// What was found; `nil` as long as the file is no format that may hold a program.
    private(set) var scan: ProgramScan?
    /// The file's name, which decides where the content does not.
    let name: String
    /// Reads a YAML document as JSON; `nil` for one that cannot be read.
    let yaml: ([UInt8]) -> JSON?

    /// Takes the file's name and the reader for YAML; nothing is read yet.
    init(name: String, yaml: @escaping ([UInt8]) -> JSON?) {
        self.name = name
        self.yaml = yaml
    }

    /// Looks at a part. One file can be of several formats at once: what a library takes it for is decided by its name or
    /// by another place in it, so that having found one format does not end the search.
    mutating func look(_ part: Part, _ read: Read) throws(Failure) {
        guard part.size > 0 else { return }
        let head = try read(0..<min(part.size, 1024))
        let name = part.name.lastPart.asciiLowercased
        if name.hasUTF8Suffix(".onnx") { return try onnx(part, read) }
        if name.hasSameBytes(as: "saved_model.pb") { return try savedModel(part, read) }
        if name.hasSameBytes(as: "keras_metadata.pb") { return try kerasMetadata(part, read) }
        // Behind a block of the user's, which may be the beginning of anything.
        if let start = try HDF5File<Failure>.start(
            size: part.size, isDeep: part.depth > 0,
            isNamed: name.hasUTF8Suffix(".h5") || name.hasUTF8Suffix(".hdf5"),
            read)
        {
            try hdf5(part, at: start, read)
        }
        var isZip = head.starts(with: [0x50, 0x4B]) && head.count > 3 && [3, 5, 7].contains(head[2])
        if !isZip { isZip = try endsAsZip(part, name, read) }
        if isZip { return try zip(part, read) }
        if TarHeader.isHeader(head.span) { return try tar(part, read) }
        if head.starts(with: [0x1F, 0x8B]), Self.isCompressedArchive(name) {
            return try gzip(part, head, read)
        }
        if [".keras", ".skops", ".mar", ".nemo", ".pt2"].contains(where: { name.hasUTF8Suffix($0) }) {
            found(Self.format(of: name))
            return unreadable("it is not an archive that can be read", part)
        }
        if name.hasSameBytes(as: "saved_model.pbtxt") {
            found("TensorFlow SavedModel")
            unreadable("it is a SavedModel as text, which is not looked into", part)
        }
    }

    /// What a file of such a name is called in findings; the name is in small letters.
    static func format(of name: String) -> String {
        if name.hasUTF8Suffix(".keras") { return "Keras model" }
        if name.hasUTF8Suffix(".skops") { return "skops file" }
        if name.hasUTF8Suffix(".mar") { return "TorchServe archive" }
        return name.hasUTF8Suffix(".nemo") ? "NeMo archive" : "PyTorch program"
    }

    private static func isCompressedArchive(_ name: String) -> Bool {
        [".nemo", ".mar", ".tgz", ".tar.gz", ".h5.gz", ".keras.gz"].contains { name.hasUTF8Suffix($0) }
    }

    /// Whether an archive that begins with something else ends here, in a file whose name promises one.
    private func endsAsZip(_ part: Part, _ name: String, _ read: Read) throws(Failure) -> Bool {
        let isNamed = [".keras", ".skops", ".mar", ".pt2", ".pt", ".pth", ".zip"].contains {
            name.hasUTF8Suffix($0)
        }
        guard isNamed, part.size >= 22 else { return false }
        let tail = try read(ZipCentralDirectory.tail(fileSize: part.size))
        return (try? ZipCentralDirectory.locate(tail: tail.span, fileSize: part.size)) != nil
    }

    // MARK: What is found

    /// Notes that the file is of a format that may hold a program.
    mutating func found(_ format: String) {
        if scan == nil { scan = ProgramScan(format: format) }
    }

    /// Notes something that is not known to be harmless.
    mutating func add(_ message: String, _ part: Part) {
        found("archive")
        scan?.add(message, in: part.member)
    }

    /// Notes something that could not be read.
    mutating func unreadable(_ message: String, _ part: Part) {
        found("archive")
        scan?.add("it could not be read: \(message.shortAndPlain)", in: part.member, isUnreadable: true)
    }

    // MARK: Formats that are no archives

    /// Reads a document whole; `nil` where it is too long or cut short, which was noted.
    mutating func whole(
        _ part: Part, limit: Int = maximumDocument, _ read: Read
    ) throws(Failure) -> [UInt8]? {
        guard part.size <= limit else {
            unreadable("it has more than \(limit) bytes", part)
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(part.size)
        while bytes.count < part.size {
            let window = try read(bytes.count..<min(part.size, bytes.count + 1 << 20))
            guard !window.isEmpty else {
                unreadable("it is cut short", part)
                return nil
            }
            bytes += window
        }
        return bytes
    }

    /// Reads a JSON document as Python's `json` does; `nil` where it cannot be read, which was noted.
    mutating func json(_ part: Part, _ read: Read) throws(Failure) -> JSON? {
        guard let bytes = try whole(part, read) else { return nil }
        do throws(FormatError) {
            return try JSON.parse(bytes.span, nonFinite: true)
        } catch {
            unreadable(error.description, part)
            return nil
        }
    }

    /// A model of Keras's in HDF5: its description is an attribute, its weights have no code.
    private mutating func hdf5(_ part: Part, at start: Int, _ read: Read) throws(Failure) {
        let attributes: [HDF5Attribute]
        do throws(ReadingStop<Failure>) {
            attributes = try HDF5File<Failure>.attributes(
                ["model_config", "training_config"], fileSize: part.size, at: start, read)
        } catch {
            if case .malformed = error { found("HDF5 file") }
            return try stopped(error, part)
        }
        for attribute in attributes {
            found("Keras model")
            let inner = Part(
                name: attribute.name, member: part.member.isEmpty ? attribute.name : part.member, size: 0)
            do throws(FormatError) {
                let json = try JSON.parse(attribute.text.span, nonFinite: true)
                review(json, inner)
            } catch {
                unreadable("its \(attribute.name) is not JSON: \(error)", inner)
            }
        }
    }

    /// Notes what a description of a Keras model names that Keras does not have.
    mutating func review(_ json: JSON, _ part: Part) {
        var review = KerasReview()
        review.visit(json)
        for message in review.messages { add(message, part) }
    }

    private mutating func onnx(_ part: Part, _ read: Read) throws(Failure) {
        found("ONNX model")
        guard isShort(part) else { return }
        var review = ONNXReview()
        var reader = RangedProtobufReader<Failure>(size: part.size)
        do throws(ReadingStop<Failure>) {
            try review.model(&reader, size: part.size, read)
        } catch {
            try stopped(error, part)
        }
        for message in review.messages { add(message, part) }
    }

    private mutating func savedModel(_ part: Part, _ read: Read) throws(Failure) {
        found("TensorFlow SavedModel")
        guard isShort(part) else { return }
        var review = SavedModelReview()
        var reader = RangedProtobufReader<Failure>(size: part.size)
        do throws(ReadingStop<Failure>) {
            try review.model(&reader, size: part.size, read)
        } catch {
            try stopped(error, part)
        }
        for message in review.messages { add(message, part) }
    }

    /// What Keras keeps of its layers beside a SavedModel, and makes them again by.
    private mutating func kerasMetadata(_ part: Part, _ read: Read) throws(Failure) {
        found("Keras model")
        guard let bytes = try whole(part, read) else { return }
        var texts: [Range<Int>] = []
        var reader = RangedProtobufReader<Failure>(size: part.size)
        do throws(ReadingStop<Failure>) {
            try reader.message(0..<part.size, read) { reader, field throws(ReadingStop<Failure>) in
                guard field.number == 1 else { return }
                try reader.message(field.content, read) { _, field throws(ReadingStop<Failure>) in
                    if field.number == 5 { texts.append(field.content) }
                }
            }
        } catch {
            try stopped(error, part)
        }
        for range in texts where !range.isEmpty {
            do throws(FormatError) {
                review(try JSON.parse(bytes.span.extracting(range), nonFinite: true), part)
            } catch {
                unreadable("what it keeps of a layer is not JSON: \(error)", part)
            }
        }
    }

    private mutating func isShort(_ part: Part) -> Bool {
        if part.size <= Self.maximumProtobuf { return true }
        unreadable("it has more than \(Self.maximumProtobuf) bytes", part)
        return false
    }

    /// Notes why reading stopped; a failure of the reading itself goes on.
    mutating func stopped(_ error: ReadingStop<Failure>, _ part: Part) throws(Failure) {
        switch error {
        case .failure(let failure): throw failure
        case .malformed(let error): unreadable(error.description, part)
        }
    }
}
