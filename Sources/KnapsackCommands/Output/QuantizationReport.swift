import Conversion
import Formats
import Manifests
import ModelFiles
import Tensors

/// What a quantization or a conversion does or did, for people and for `--json`.
struct QuantizationReport {
    /// One tensor.
    fileprivate struct Row {
        let name: String
        let dimensions: [Int]
        let from: GGMLType
        let to: GGMLType
        let sourceSize: Int
        let size: Int
        let fallback: QuantizationPlan.Fallback?
    }

    private let rows: [Row]
    private let output: ModelOutput

    /// Takes a quantization whose plan is made; nothing need be written yet.
    init(_ quantizer: Quantizer) {
        rows = quantizer.plan.tensors.map { tensor in
            Row(
                name: tensor.source.name, dimensions: tensor.source.dimensions, from: tensor.source.type,
                to: tensor.type, sourceSize: tensor.sourceSize, size: tensor.size, fallback: tensor.fallback)
        }
        output = quantizer.output
    }

    /// Takes a conversion, of which the quantization is shown if there is one.
    init(_ conversion: GGUFConversion) {
        if let quantizer = conversion.quantizer {
            self = QuantizationReport(quantizer)
        } else {
            self = QuantizationReport(conversion.output, from: conversion.source)
        }
    }

    private init(_ output: ModelOutput, from source: any TensorSource) {
        self.output = output
        rows = output.tensors.map { tensor in
            let source = source.tensors[tensor.source]
            return Row(
                name: source.name, dimensions: source.dimensions, from: source.type,
                to: tensor.description.type, sourceSize: source.byteCount,
                size: tensor.description.byteCount, fallback: nil)
        }
    }

    /// Every tensor with its types and sizes.
    func tensors(width: Int) -> String {
        let rows = rows.map { tensor in
            [
                tensor.name, tensor.dimensions.reversed().map(String.init).joined(separator: " × "),
                tensor.from.name, tensor.isConverted ? tensor.to.name : "copied",
                ByteCount.text(tensor.sourceSize), ByteCount.text(tensor.size),
                tensor.fallback.map { "instead of \($0.wanted.name), \(signed($0.cost))" } ?? "",
            ]
        }
        return Table(
            [
                .init(title: "TENSOR", canShrink: true), .init(title: "SHAPE"), .init(title: "FROM"),
                .init(title: "TO"), .init(title: "SIZE", isNumber: true),
                .init(title: "BECOMES", isNumber: true), .init(title: "", canShrink: true),
            ], rows: rows
        ).text(width: width)
    }

    /// What each type has of the tensors, the largest first; without the newline at its end.
    func types(width: Int) -> String {
        var rows = shares.map { share in
            [
                share.type.name, "\(share.tensors)", ParameterText.text(share.elements),
                ByteCount.text(share.size),
            ]
        }
        rows.append(["in all", "\(self.rows.count)", ParameterText.text(elements), ByteCount.text(size)])
        var text = Table(
            [
                .init(title: "TYPE"), .init(title: "TENSORS", isNumber: true),
                .init(title: "PARAMETERS", isNumber: true), .init(title: "SIZE", isNumber: true),
            ], rows: rows
        ).text(width: width)
        text.removeLast()
        return text
    }

    /// Shapes that did not allow the types that were asked for.
    var warnings: [Diagnostic] {
        let fallen = rows.filter { $0.fallback != nil }
        guard !fallen.isEmpty else { return [] }
        let cost = fallen.reduce(0) { $0 + ($1.fallback?.cost ?? 0) }
        return [
            Diagnostic(
                code: .quantizeFallback,
                "\(fallen.count) of \(Counted.text(rows.count, "tensor")) \(fallen.count == 1 ? "gets another type because of its" : "get another type because of their") shape: \(signed(cost))",
                notes: fallbacks.map { fallback in
                    "\(fallback.tensors) \(fallback.wanted) became \(fallback.type): "
                        + "\(signed(fallback.cost)), \(fallback.reason)"
                })
        ]
    }

    /// "x.gguf: 4.58 GB, 4.85 bits per weight, from 15.0 GB with 16.0".
    var closing: String {
        let first = output.files[0].path
        let place = output.files.count == 1 ? first : "\(first) and \(output.files.count - 1) more"
        return "\(place): \(ByteCount.text(output.size)), \(bits(size)) bits per weight, from "
            + "\(ByteCount.text(sourceSize)) with \(bits(sourceSize))"
    }

    /// Adds to the document of `--json`.
    func add(to session: Session) {
        session.add("files", .array(output.files.map { .string($0.path) }))
        session.add("size", .integer(output.size))
        session.add("source_tensor_size", .integer(sourceSize))
        session.add("tensor_size", .integer(size))
        session.add("parameters", .integer(elements))
        session.add("fallback_cost", .integer(rows.reduce(0) { $0 + ($1.fallback?.cost ?? 0) }))
        session.add("tensors", .array(rows.map(\.json)))
    }

    // MARK: Sums

    private var elements: Int { rows.reduce(0) { $0 + $1.dimensions.reduce(1, &*) } }
    private var size: Int { rows.reduce(0) { $0 + $1.size } }
    private var sourceSize: Int { rows.reduce(0) { $0 + $1.sourceSize } }

    private var shares: [(type: GGMLType, tensors: Int, elements: Int, size: Int)] {
        GGMLType.allCases.compactMap { type in
            let tensors = rows.filter { $0.to == type }
            guard !tensors.isEmpty else { return nil }
            return (
                type, tensors.count, tensors.reduce(0) { $0 + $1.dimensions.reduce(1, &*) },
                tensors.reduce(0) { $0 + $1.size }
            )
        }.sorted { $0.size > $1.size }
    }

    private struct FallbackSum {
        let wanted: String
        let type: String
        let reason: String
        var tensors = 0
        var cost = 0
    }

    /// Fallbacks of the same kind together, in the order in which they come first.
    private var fallbacks: [FallbackSum] {
        var sums: [FallbackSum] = []
        for tensor in rows {
            guard let fallback = tensor.fallback else { continue }
            let sum = FallbackSum(
                wanted: fallback.wanted.name, type: tensor.to.name, reason: fallback.reason)
            let place =
                sums.firstIndex {
                    $0.wanted == sum.wanted && $0.type == sum.type && $0.reason == sum.reason
                } ?? sums.endIndex
            if place == sums.endIndex { sums.append(sum) }
            sums[place].tensors += 1
            sums[place].cost += fallback.cost
        }
        return sums
    }

    private func signed(_ bytes: Int) -> String {
        bytes < 0 ? "\(ByteCount.text(-bytes)) less" : "\(ByteCount.text(bytes)) more"
    }

    /// Bits for each element, with two decimals.
    private func bits(_ bytes: Int) -> String {
        guard elements > 0 else { return "0" }
        let hundredths = Int((Double(bytes) * 800 / Double(elements)).rounded())
        let rest = String(hundredths % 100)
        return "\(hundredths / 100)." + String(repeating: "0", count: 2 - rest.count) + rest
    }
}

extension QuantizationReport.Row {
    /// Whether the tensor gets another type than it has.
    var isConverted: Bool { from != to }

    /// The tensor as `--json` has it; sizes are in bytes.
    var json: JSON {
        var members: [JSON.Member] = [
            .init("name", .string(name)),
            .init("dimensions", .array(dimensions.map(JSON.integer))),
            .init("from", .string(from.name)), .init("to", .string(to.name)),
            .init("source_size", .integer(sourceSize)), .init("size", .integer(size)),
        ]
        if let fallback {
            members += [
                .init("wanted", .string(fallback.wanted.name)), .init("reason", .string(fallback.reason)),
                .init("cost", .integer(fallback.cost)),
            ]
        }
        return .object(members)
    }
}

extension TensorDescription {
    fileprivate var byteCount: Int { type.byteCount(dimensions: dimensions) ?? 0 }
}
