import ModelFacts
import Storage
package import Tensors

/// A model in GGUF: one file, or the files of a split, of which the first is named.
package struct GGUFModel: TensorSource {
    /// The path as it was given.
    package let name: String
    /// The metadata: the first file's.
    package let metadata: GGUFMetadata
    /// The tensors of all files, file after file, in the order of the descriptions.
    package let tensors: [TensorDescription]
    /// Where each tensor is stored.
    package let places: [Place]
    /// The paths of the files, links resolved.
    package var paths: [String] { files.map { $0.handle.path } }

    private let files: [OpenFile]

    /// Where a tensor is stored.
    package struct Place: Equatable, Sendable {
        /// The file, counted from 0.
        package let file: Int
        /// The tensor's bytes in it, from its start.
        package let bytes: Range<Int>
    }

    /// Opens a model.
    /// - Parameter path: a file of its own, or the first of `NAME-00001-of-00003.gguf`, whose other files are stored
    ///   beside it. Links are followed.
    /// - Throws: ``Diagnostics`` where a file is missing, unreadable or no GGUF, or the files do not belong together.
    package static func open(path: String) throws -> GGUFModel {
        try GGUFModel(path: path)
    }

    private init(path: String) throws {
        name = path
        let first = try GGUFFile.read(path)
        metadata = GGUFMetadata(header: first.header, bytes: first.bytes)
        var headers = [first.header]
        var files = [first.open]
        if let split = try GGUFSplit(first.header, path: path) {
            OpenFiles.raiseLimit()
            for number in 1..<split.count {
                let file = try GGUFFile.read(split.path(number))
                try split.check(file.header, number: number)
                headers.append(file.header)
                files.append(file.open)
            }
            try split.checkTensors(headers)
        }
        self.files = files
        tensors = headers.flatMap { $0.tensors.map(TensorDescription.init) }
        places = headers.enumerated().flatMap { number, header in
            header.tensors.map { tensor in
                let start = header.dataStart + tensor.bytes.lowerBound
                return Place(file: number, bytes: start..<start + tensor.bytes.count)
            }
        }
    }

    /// Reads elements of a tensor.
    package func read(
        _ elements: Range<Int>, of index: Int, into bytes: inout MutableSpan<UInt8>
    ) throws {
        let place = places[index]
        let start = place.bytes.lowerBound + tensors[index].byteCount(elements.lowerBound)
        precondition(bytes.count == tensors[index].byteCount(elements.count))
        precondition(start + bytes.count <= place.bytes.upperBound)
        let handle = files[place.file]
        guard try handle.handle.read(into: &bytes, at: start) == bytes.count else {
            throw ReadFailure.changed(path: handle.handle.path)
        }
    }

    /// Lets the kernel begin to read elements.
    package func willRead(_ elements: Range<Int>, of index: Int) {
        let start = places[index].bytes.lowerBound
        let tensor = tensors[index]
        files[places[index].file].handle.willRead(
            start + tensor.byteCount(elements.lowerBound)..<start + tensor.byteCount(elements.upperBound))
    }

    /// Device, inode, size and times of the tensor's file, and its place in it; `nil` where the file changed so short a
    /// time ago that a second change could have left no mark in its times.
    package func identity(of index: Int) -> String? {
        let (place, tensor) = (places[index], tensors[index])
        let status = files[place.file].status
        let keepsSeconds = status.changed % 1_000_000_000 == 0
        let grain: Int64 = keepsSeconds ? 2_000_000_000 : 50_000_000
        guard currentTime() &- status.changed > grain else { return nil }
        return "\(status.device) \(status.inode) \(status.size) \(status.modified) \(status.changed) "
            + "\(place.bytes.lowerBound) \(tensor.type.name) \(tensor.dimensions)"
    }

    /// Checks that every file is as it was when it was opened.
    package func checkUnchanged() throws {
        for file in files {
            guard try file.handle.status() == file.status else {
                throw ReadFailure.changed(path: file.handle.path)
            }
        }
    }
}
