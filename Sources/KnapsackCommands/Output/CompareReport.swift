import Conversion
import Formats
import ModelFiles
import Tensors

/// What `compare` states, for people and for `--json`.
struct CompareReport {
    private let original: TensorModel
    private let other: TensorModel
    private let comparison: ModelComparison

    /// Takes both models, and what was found between them.
    init(_ original: TensorModel, _ other: TensorModel, _ comparison: ModelComparison) {
        self.original = original
        self.other = other
        self.comparison = comparison
    }

    /// How many of the worst are shown, and how many names that only one side has.
    private static let shown = 10

    /// Totals, the tensors that lost the most, and what only one side has.
    /// - Parameter all: whether every tensor is listed.
    func text(all: Bool, width: Int) -> String {
        let total = comparison.total
        let (before, after) = (CompareReport.size(comparison.results.map(\.original)), otherSize)
        var text = "\(original.path) → \(other.path)\n"
        text +=
            "\(Counted.text(comparison.results.count, "tensor")), \(ParameterText.text(total.count)) numbers, "
        text += "\(ByteCount.text(before)) → \(ByteCount.text(after)) "
        text += "(\(bits(before)) → \(bits(after)) bits per weight)\n"
        text += "rms error \(Figure.text(total.rootMeanSquare)), "
        text += "largest \(Figure.text(Double(total.largest))), "
        text += "cosine \(Figure.fixed(total.cosine, digits: 6)), "
        text += "signal to noise \(decibels(total))\n"
        text += "figures of the weights alone; --logits TEXT runs both models\n"
        if isPruned {
            text += "zeros \(part(total.originalZeroCount, total)) → \(part(total.otherZeroCount, total))\n"
        }
        let rows = all ? comparison.results : comparison.worst(CompareReport.shown)
        if rows.isEmpty {
            text += "every number is the same\n"
        } else {
            text += "\n" + table(rows).text(width: width)
        }
        text += names(
            comparison.unlike,
            "not counted, because the numbers are different ones or in an order that is not known")
        text += names(
            comparison.onlyInOriginal, "not compared, only in \(original.path) or laid out differently")
        return text + names(comparison.onlyInOther, "only in \(other.path)")
    }

    /// Whether the other has many more zeros, where types do not make them.
    private var isPruned: Bool {
        comparison.results.contains { result in
            let difference = result.difference
            return ["F16", "BF16", "F32", "F64"].contains(result.other.type.name)
                && difference.otherZeroCount - difference.originalZeroCount > difference.count / 100
        }
    }

    /// "50.0 %".
    private func part(_ zeros: Int, _ difference: NumberDifference) -> String {
        Figure.fixed(Double(zeros) * 100 / Double(max(1, difference.count)), digits: 1) + " %"
    }

    private func table(_ results: [ModelComparison.Result]) -> Table {
        Table(
            [
                .init(title: "TENSOR", canShrink: true), .init(title: "TYPE"),
                .init(title: "SIZE", isNumber: true), .init(title: "RMS ERROR", isNumber: true),
                .init(title: "LARGEST", isNumber: true), .init(title: "COSINE", isNumber: true),
                .init(title: "SNR", isNumber: true),
            ] + (isPruned ? [.init(title: "ZEROS", isNumber: true)] : []),
            rows: results.map { result in
                let difference = result.difference
                return [
                    result.name, "\(result.original.type.name) → \(result.other.type.name)",
                    ByteCount.text(result.other.bytes.count), Figure.text(difference.rootMeanSquare),
                    Figure.text(Double(difference.largest)), Figure.fixed(difference.cosine, digits: 6),
                    decibels(difference),
                ] + (isPruned ? [part(difference.otherZeroCount, difference)] : [])
            })
    }

    private func decibels(_ difference: NumberDifference) -> String {
        difference.signalToNoise.isFinite
            ? "\(Figure.fixed(difference.signalToNoise, digits: 1)) dB"
            : Figure.text(difference.signalToNoise)
    }

    private func names(_ names: [String], _ what: String) -> String {
        guard !names.isEmpty else { return "" }
        let more = names.count > CompareReport.shown ? " and \(names.count - CompareReport.shown) more" : ""
        let list = names.prefix(CompareReport.shown).map(DiagnosticText.printable).joined(separator: ", ")
        return "\n\(what): \(list)\(more)\n"
    }

    private func bits(_ size: Int) -> String {
        Figure.fixed(Double(size) * 8 / Double(max(1, comparison.total.count)), digits: 2)
    }

    /// The size of the tensors that were compared, a stack of experts once.
    private var otherSize: Int { CompareReport.size(comparison.results.map(\.other)) }

    private static func size(_ tensors: [TensorModel.Tensor]) -> Int {
        var sizes: [ExactName: Int] = [:]
        for tensor in tensors { sizes[tensor.name] = tensor.bytes.count }
        return sizes.values.reduce(0, &+)
    }

    /// The members that `--json` has, with every tensor that was compared.
    var json: [JSON.Member] {
        [
            .init("original", .string(original.path)), .init("other", .string(other.path)),
            .init("original_bytes", .integer(CompareReport.size(comparison.results.map(\.original)))),
            .init("other_bytes", .integer(otherSize)),
            .init("total", CompareReport.json(comparison.total)),
            .init(
                "tensors",
                .array(
                    comparison.results.map { result in
                        var members: [JSON.Member] = [
                            .init("original", InspectReport.json(result.original)),
                            .init("other", InspectReport.json(result.other)),
                            .init("difference", CompareReport.json(result.difference)),
                        ]
                        if let expert = result.expert { members.append(.init("expert", .integer(expert))) }
                        return .object(members)
                    })),
            .init("unlike", .array(comparison.unlike.map(JSON.string))),
            .init("only_in_original", .array(comparison.onlyInOriginal.map(JSON.string))),
            .init("only_in_other", .array(comparison.onlyInOther.map(JSON.string))),
        ]
    }

    /// Figures that are not finite are null.
    private static func json(_ difference: NumberDifference) -> JSON {
        [
            "count": .integer(difference.count),
            "zeros": [.integer(difference.originalZeroCount), .integer(difference.otherZeroCount)],
            "not_finite": .integer(difference.notFiniteCount),
            "rms": .number(difference.rootMeanSquare), "max": .number(Double(difference.largest)),
            "cosine": .number(difference.cosine), "snr_db": .number(difference.signalToNoise),
        ]
    }
}
