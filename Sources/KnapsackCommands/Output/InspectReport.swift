import Conversion
import Formats
import ModelFiles
import Tensors

/// What `inspect` states of a whole file, for people and for `--json`.
struct InspectReport {
    private let model: TensorModel
    /// Whether to list what pickles name, which somebody else may do with a verdict.
    private let showsImports: Bool

    /// Takes a model whose headers were read.
    init(_ model: TensorModel, showsImports: Bool = true) {
        self.model = model
        self.showsImports = showsImports
    }

    // MARK: Totals

    /// What tensors of one type come to.
    private struct Total {
        var tensors = 0
        var parameters = 0
        var bytes = 0

        mutating func add(_ tensor: TensorModel.Tensor) {
            tensors += 1
            parameters &+= tensor.count
            bytes &+= tensor.bytes.count
        }

        var bitsPerWeight: Double { parameters == 0 ? 0 : Double(bytes) * 8 / Double(parameters) }
    }

    private var totals: [(name: String, total: Total)] {
        var totals: [ExactName: Total] = [:]
        for tensor in model.tensors { totals[tensor.type.name, default: Total()].add(tensor) }
        return totals.map { ($0.key.text, $0.value) }.sorted {
            $0.total.bytes == $1.total.bytes ? $0.name < $1.name : $0.total.bytes > $1.total.bytes
        }
    }

    private var total: Total { model.tensors.reduce(into: Total()) { $0.add($1) } }

    // MARK: Text

    /// Heading, metadata, tensors and totals, as tables no wider than `width` where that can be.
    /// - Parameter bars: whether bars of block characters are drawn.
    func text(width: Int, bars: Bool = false) -> String {
        var text = ""
        write(width: width, bars: bars) { text += $0 }
        return text
    }

    /// The same in parts, so that very many tensors take no memory.
    func write(width: Int, bars: Bool = false, to body: (String) -> Void) {
        var text = heading + "\n"
        let metadata = metadataRows
        if !metadata.isEmpty {
            text += "\n"
            text += Table(
                [
                    .init(title: "METADATA", canShrink: true), .init(title: "TYPE"),
                    .init(title: "VALUE", canShrink: true),
                ], rows: metadata
            ).text(width: width)
        }
        body(text + "\n")
        Table(
            [
                .init(title: "TENSOR", canShrink: true), .init(title: "SHAPE"), .init(title: "TYPE"),
                .init(title: "SIZE", isNumber: true), .init(title: "OFFSET", isNumber: true),
            ] + (model.paths.count > 1 ? [.init(title: "FILE", isNumber: true)] : []),
            count: model.tensors.count,
            row: { [model] index in
                let tensor = model.tensors[index]
                let row = [
                    tensor.name, InspectReport.shape(tensor.shape), tensor.type.name,
                    ByteCount.text(tensor.bytes.count), "\(tensor.bytes.lowerBound)",
                ]
                return model.paths.count > 1 ? row + ["\(tensor.file + 1)"] : row
            }
        ).write(width: width, to: body)
        body("\n" + totalsTable(bars: bars).text(width: width) + pickleText(width: width))
    }

    private var heading: String {
        let files = model.paths.count == 1 ? "" : " in \(Counted.text(model.paths.count, "file"))"
        let all = total
        return "\(model.path): \(InspectReport.format(of: model)), \(ByteCount.text(model.size))\(files)\n"
            + "\(Counted.text(all.tensors, "tensor")), \(ParameterText.text(all.parameters)) parameters, "
            + "\(Figure.fixed(all.bitsPerWeight, digits: 2)) bits per weight"
    }

    /// What a model's files are, in words.
    static func format(of model: TensorModel) -> String {
        model.gguf.map { "GGUF version \($0.header.version), alignment \($0.header.alignment)" }
            ?? (model.format == .pytorch ? "PyTorch checkpoint" : "safetensors")
    }

    /// Names and values of the metadata, long ones cut.
    var metadataTexts: [(name: String, value: String)] {
        metadataRows.compactMap { $0.count == 3 ? ($0[0], $0[2]) : nil }
    }

    private func totalsTable(bars: Bool) -> Table {
        let rows = (totals.count > 1 ? totals : []) + [("in all", total)]
        let bar = BlockBar(whole: total.bytes)
        return Table(
            [
                .init(title: "TYPE"), .init(title: "TENSORS", isNumber: true),
                .init(title: "PARAMETERS", isNumber: true), .init(title: "SIZE", isNumber: true),
                .init(title: "BITS/WEIGHT", isNumber: true),
            ] + (bars ? [.init(title: "SHARE", dropRank: 1)] : []),
            rows: (totals.count > 1 ? rows : totals).map { name, total in
                [
                    name, "\(total.tensors)", ParameterText.text(total.parameters),
                    ByteCount.text(total.bytes), Figure.fixed(total.bitsPerWeight, digits: 2),
                ] + (bars ? [bar.text(total.bytes)] : [])
            })
    }

    /// What the pickles of PyTorch checkpoints name, none of which was looked up, and what was left out.
    private func pickleText(width: Int) -> String {
        var text = ""
        if showsImports, !globals.isEmpty {
            text += "\n"
            text += Table([.init(title: "NAMED BY THE PICKLE", canShrink: true)], rows: globals.map { [$0] })
                .text(width: width)
        }
        let skipped = model.pytorch.flatMap(\.skipped)
        if !skipped.isEmpty {
            text += "\n"
            text += Table(
                [.init(title: "NOT READ", canShrink: true), .init(title: "KIND", canShrink: true)],
                rows: skipped.map { [$0.name, $0.kind] }
            ).text(width: width)
        }
        return text
    }

    /// The classes and functions that pickles name, sorted.
    private var globals: [String] {
        Set(exactly: model.pytorch.flatMap(\.globals)).sortedTexts
    }

    /// A shape as it is shown: "4096 × 32", the outermost dimension first; "scalar" without dimensions.
    static func shape(_ shape: [Int]) -> String {
        shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: " × ")
    }

    private var metadataRows: [[String]] {
        if let gguf = model.gguf {
            return gguf.header.items.map { item in
                [item.key, InspectReport.type(item.value), shown(item.value, gguf)]
            }
        }
        // Shards repeat what they state.
        var seen: Set<[ExactName]> = []
        var rows: [[String]] = []
        for header in model.safetensors {
            for item in header.metadata
            where seen.insert([ExactName(item.name), ExactName(item.value)]).inserted {
                rows.append([item.name, "text", item.value])
            }
        }
        return rows
    }

    private static func type(_ value: GGUFValue) -> String {
        if case .array(let array) = value { return "\(name(array.elementType))[\(array.count)]" }
        return name(value.type)
    }

    /// GGUF's short names.
    private static func name(_ type: GGUFValueType) -> String {
        switch type {
        case .uint8: "u8"
        case .int8: "i8"
        case .uint16: "u16"
        case .int16: "i16"
        case .uint32: "u32"
        case .int32: "i32"
        case .uint64: "u64"
        case .int64: "i64"
        case .float32: "f32"
        case .float64: "f64"
        case .bool: "bool"
        case .string: "text"
        case .array: "array"
        }
    }

    /// How many elements of an array and characters of a text are shown.
    private static let shownElements = 6
    private static let shownCharacters = 200

    private func shown(_ value: GGUFValue, _ gguf: GGUFMetadata) -> String {
        switch value {
        case .array(let array):
            let first =
                (try? array.elements(in: gguf.bytes.span, limit: InspectReport.shownElements)) ?? []
            let more = array.count > first.count ? ", …" : ""
            return "[" + first.map { shown($0, gguf) }.joined(separator: ", ") + more + "]"
        case .string(let text):
            return text.count > InspectReport.shownCharacters
                ? "\(text.prefix(InspectReport.shownCharacters))… (\(Counted.text(text.count, "character")))"
                : text
        case .bool(let value): return value ? "true" : "false"
        case .float32(let value): return "\(value)"
        case .float64(let value): return "\(value)"
        default: return value.integer.map(String.init) ?? "past 2^63"
        }
    }
}

extension InspectReport {
    // MARK: JSON

    /// The members of the document: metadata whole but for long arrays, of which `head` has the first elements.
    var json: [JSON.Member] {
        var members: [JSON.Member] = [
            .init("path", .string(model.path)), .init("format", .string(model.format.rawValue)),
            .init("size", .integer(model.size)), .init("files", .array(model.paths.map(JSON.string))),
        ]
        if let gguf = model.gguf {
            members += [
                .init("version", .integer(gguf.header.version)),
                .init("alignment", .integer(gguf.header.alignment)),
                .init(
                    "metadata",
                    .array(
                        gguf.header.items.map { item in
                            [
                                "key": .string(item.key), "type": .string(InspectReport.type(item.value)),
                                "value": InspectReport.json(item.value, gguf),
                            ]
                        })),
            ]
        } else if model.format == .pytorch {
            members += [
                .init("globals", .array(globals.map(JSON.string))),
                .init(
                    "skipped",
                    .array(
                        model.pytorch.flatMap(\.skipped).map {
                            ["name": .string($0.name), "kind": .string($0.kind)]
                        })),
            ]
        } else {
            members.append(
                .init(
                    "metadata",
                    .array(
                        model.safetensors.map { header in
                            .object(header.metadata.map { JSON.Member($0.name, .string($0.value)) })
                        })))
        }
        members.append(.init("tensors", .array(model.tensors.map(InspectReport.json))))
        members.append(.init("total", InspectReport.json(total)))
        members.append(
            .init("types", .object(totals.map { JSON.Member($0.name, InspectReport.json($0.total)) })))
        return members
    }

    private static func json(_ total: Total) -> JSON {
        [
            "tensors": .integer(total.tensors), "parameters": .integer(total.parameters),
            "bytes": .integer(total.bytes), "bits_per_weight": .number(total.bitsPerWeight),
        ]
    }

    /// The record of one tensor.
    static func json(_ tensor: TensorModel.Tensor) -> JSON {
        [
            "name": .string(tensor.name), "shape": .array(tensor.shape.map(JSON.integer)),
            "type": .string(tensor.type.name), "bytes": .integer(tensor.bytes.count),
            "file": .integer(tensor.file), "offset": .integer(tensor.bytes.lowerBound),
        ]
    }

    private static func json(_ value: GGUFValue, _ gguf: GGUFMetadata) -> JSON {
        switch value {
        case .array(let array):
            let limit = array.count > 64 ? shownElements : array.count
            let elements = (try? array.elements(in: gguf.bytes.span, limit: limit)) ?? []
            let values = JSON.array(elements.map { json($0, gguf) })
            return array.count > 64 ? ["count": .integer(array.count), "head": values] : values
        case .string(let text): return .string(text)
        case .bool(let value): return .bool(value)
        case .float32(let value): return .number(Double(value))
        case .float64(let value): return .number(value)
        case .uint64(let value): return Int(exactly: value).map(JSON.integer) ?? .string("\(value)")
        default: return value.integer.map(JSON.integer) ?? .null
        }
    }
}
