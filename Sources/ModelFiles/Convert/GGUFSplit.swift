import Formats
import Manifests
import Tensors

/// What the first file of a split model states of the others (`split.no`, `split.count` and
/// `split.tensors.count`; llama.cpp's gguf-split).
struct GGUFSplit {
    /// The number of files.
    let count: Int
    private let first: String
    private let stem: String
    private let tensorCount: Int

    /// Names of the items, in the order in which they are written.
    static let keys = ["split.no", "split.count", "split.tensors.count"]

    /// The most files that 16 bits can count.
    static let maximumCount = 65_535

    /// Reads what a file states of its split; `nil` where it is a file of its own.
    /// - Throws: ``Diagnostics`` where it is not the first, or its name is not that of a first file.
    init?(_ header: GGUFHeader, path: String) throws {
        guard let count = header["split.count"]?.integer, count > 1 else { return nil }
        let number = header["split.no"]?.integer ?? 0
        guard count <= Self.maximumCount, (0..<count).contains(number) else {
            throw Self.broken("\(path) states that it is file \(number) of \(count) files, counted from 0")
        }
        let name = Self.number(of: path)
        guard number == 0 else {
            let stem = name?.stem ?? path
            throw Diagnostics(
                Diagnostic(
                    code: .splitNotFirst, "\(path) is file \(number + 1) of a model of \(count) files",
                    fix: "name the first, \(Self.path(stem, 0, of: count))", verdict: .undecided))
        }
        guard let name, name.number == 1, name.count == count else {
            throw Diagnostics(
                Diagnostic(
                    code: .splitName,
                    "\(path) is the first of \(count) files, but its name does not state so",
                    fix: "rename the files back: NAME\(Self.suffix(0, of: count))",
                    verdict: .undecided))
        }
        self.count = count
        first = path
        stem = name.stem
        tensorCount = header["split.tensors.count"]?.integer ?? -1
    }

    /// The path of a file, counted from 0.
    func path(_ number: Int) -> String { Self.path(stem, number, of: count) }

    /// Checks that another file is the one that its name states.
    func check(_ header: GGUFHeader, number: Int) throws {
        guard header["split.no"]?.integer == number, (header["split.count"]?.integer ?? count) == count else {
            throw Self.broken(
                "\(path(number)) is not file \(number + 1) of \(count) of the model that \(first) begins")
        }
    }

    /// Checks that no tensor is missing or there twice.
    func checkTensors(_ headers: [GGUFHeader]) throws {
        let found = headers.reduce(0) { $0 + $1.tensors.count }
        guard found == tensorCount else {
            throw Self.broken(
                "the \(count) files that \(first) begins have \(found) tensors, but it states \(tensorCount)")
        }
        var names: Set<ExactName> = []
        for (number, header) in headers.enumerated() {
            for tensor in header.tensors where !names.insert(ExactName(tensor.name)).inserted {
                throw Self.broken("\(path(number)) has a tensor that another file has: \(tensor.name)")
            }
        }
    }

    private static func broken(_ message: String) -> Diagnostics {
        Diagnostics(
            Diagnostic(
                code: .splitBroken, message, fix: "download the files again, all from one revision"))
    }

    // MARK: Names

    /// `STEM-00002-of-00003.gguf` for the second file, which is number 1.
    static func path(_ stem: String, _ number: Int, of count: Int) -> String {
        stem + suffix(number, of: count)
    }

    private static func suffix(_ number: Int, of count: Int) -> String {
        func digits(_ value: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, 5 - text.count)) + text
        }
        return "-\(digits(number + 1))-of-\(digits(count)).gguf"
    }

    /// The parts of `STEM-00002-of-00003.gguf`: the number from 1, as it stands.
    private static func number(of path: String) -> (stem: String, number: Int, count: Int)? {
        let bytes = Array(path.utf8)
        let length = "-00001-of-00003.gguf".utf8.count
        guard bytes.count > length else { return nil }
        let tail = Array(bytes.suffix(length))
        guard let number = Int(String(decoding: tail[1..<6], as: UTF8.self)),
            let count = Int(String(decoding: tail[10..<15], as: UTF8.self)),
            number > 0, tail.elementsEqual(suffix(number - 1, of: count).utf8)
        else { return nil }
        return (String(decoding: bytes.dropLast(length), as: UTF8.self), number, count)
    }
}
