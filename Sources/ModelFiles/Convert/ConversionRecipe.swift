package import Formats
import Glibc
package import Manifests
package import ModelFacts
package import Storage

/// How the files of an entry become others. What takes part is decided from paths alone, so that a lock is enough
/// to tell whether a conversion is fresh; a new kind of conversion is a new recipe, and nothing else.
package protocol ConversionRecipe: Sendable {
    /// Goes up whenever the same inputs and parameters would give other bytes.
    var version: Int { get }
    /// What is made, by the manifest's keys, sorted.
    var parameters: [JSON.Member] { get }
    /// What the work is called while it goes on, such as "casting".
    var stage: String { get }

    /// Which files of an entry are read, carried as they are, and left out.
    /// - Parameters:
    ///   - paths: the entry's files, sorted.
    ///   - name: the entry that is made, with which messages begin.
    /// - Throws: where nothing can be made of such files.
    func selection(of paths: [RelativePath], for name: String) throws(Diagnostics) -> ConversionSelection

    /// Why nothing can be made of an entry, as far as its facts tell; `nil` where they do not.
    func refusal(of facts: ModelFacts, for name: String) -> Diagnostic?

    /// Makes the files.
    /// - Parameters:
    ///   - inputs: the files that ``selection(of:for:)`` reads, in its order.
    ///   - directory: an empty directory, below which the results go to their paths in the entry.
    ///   - name: the entry that is made, with which messages begin.
    ///   - cache: the directory of what Knapsack remembers; `nil` remembers nothing.
    func make(
        of inputs: [ConversionInput], in directory: String, for name: String, remembering cache: String?,
        progress: @escaping ProgressHandler
    ) async throws -> ConversionResult

    /// The bytes that the made files have or may have at most, where they are known before; nothing is written.
    /// - Parameters: as of making.
    /// - Returns: `nil` where only making tells.
    func plannedSize(of inputs: [ConversionInput], for name: String) throws -> Int?

    /// The files that ``make(of:in:for:remembering:progress:)`` makes with tensors in them, with the numbers that go into
    /// each before they are stored; nothing is written.
    /// - Parameters: as of making.
    func originals(of inputs: [ConversionInput], for name: String) throws -> [ConvertedFile]
}

extension ConversionRecipe {
    /// Only making tells.
    package func plannedSize(of inputs: [ConversionInput], for name: String) throws -> Int? { nil }
}

/// What a conversion found out on the way.
package struct ConversionResult: Sendable {
    /// What is worth keeping in a lock, sorted.
    package var facts: [JSON.Member] = []
    /// What is worth knowing, such as what of a configuration is not followed; no errors.
    package var remarks: [Diagnostic] = []
}

/// What a conversion does with the files of an entry.
package struct ConversionSelection: Equatable, Sendable {
    /// The paths of the files that are read.
    package var inputs: [RelativePath] = []
    /// The paths of the files that become files of the new entry as they are.
    var carried: [RelativePath] = []
    /// The paths of the files that are neither.
    var left: [RelativePath] = []
}

/// A file to convert.
package struct ConversionInput: Sendable {
    /// The path below its entry.
    package let path: RelativePath
    /// The absolute path of its content, without links.
    package let location: String
    /// What the kernel said of the content when its digest was known; `nil` where nobody asked. A file that is not
    /// the same any more is not converted.
    package let status: FileStatus?
    /// Which of the adapters that are merged it belongs to; `nil` for the model's own files.
    package var adapter: Int?
    /// What reads its bytes, where no file of the disk has them all; `nil` for what is at ``location``.
    let content: (any WeightFile)?

    /// Names an input by its path in the entry, and its place on disk.
    package init(path: RelativePath, location: String, status: FileStatus?, adapter: Int? = nil) {
        self.path = path
        self.location = location
        self.status = status
        self.adapter = adapter
        content = nil
    }

    /// Names an input that is read wherever its bytes are. What writes a cast takes files of the disk alone.
    package init(path: RelativePath, content: any WeightFile, adapter: Int? = nil) {
        self.path = path
        location = content.name
        status = nil
        self.adapter = adapter
        self.content = content
    }

    /// Opens the file, and makes sure that it is the one that was proved.
    package func open() throws -> FileHandle {
        let file = try FileHandle.reading(location)
        if let status, try file.status() != status { throw ReadFailure.changed(path: location) }
        return file
    }

    /// All bytes of a small file, after the same look as ``open()``.
    /// - Parameter limit: the most bytes that are read; a larger file is an error (`EFBIG`).
    func bytes(limit: Int) throws -> [UInt8] {
        guard let content else {
            _ = try open()
            return try FileReader.contents(of: location, limit: limit)
        }
        guard content.size <= limit else { throw FileError("read", content.name, code: EFBIG) }
        return try content.bytes(0..<content.size)
    }
}

extension ConversionRequest {
    /// How it is made.
    /// - Parameters:
    ///   - name: the entry that is made.
    ///   - source: the entry that it is made from; without it, and without `imatrix` if there is one, the recipe
    ///     only states what takes part.
    ///   - imatrix: the importance matrix.
    ///   - share: what a fitted file has of the budget that it shares.
    ///   - calibration: how the weights of a fitted file are measured.
    package func recipe(
        for name: String, of source: LockedEntry? = nil, imatrix: ImatrixInput? = nil, share: FitShare? = nil,
        calibration: CalibrationInput? = nil
    ) -> any ConversionRecipe {
        switch product {
        case .cast(let type, let merged): CastRecipe(type: type, merged: merged)
        case .pruned(let request): CastRecipe(type: request.type, pruned: request, imatrix: imatrix)
        case .gguf(let gguf):
            GGUFRecipe(
                request: gguf, file: "\(name)-\(gguf.suffix).gguf",
                modelName: source.flatMap(\.modelName) ?? from, imatrix: imatrix, share: share,
                calibration: calibration)
        }
    }

    /// The path of the importance matrix; `nil` if there is none.
    package var imatrix: String? {
        switch product {
        case .gguf(let gguf): gguf.imatrix
        case .pruned(let request): request.imatrix
        case .cast: nil
        }
    }
}
