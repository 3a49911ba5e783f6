import Formats
import ModelFiles
import Tensors

/// What `inspect --tensor` states of a tensor's numbers, for people and for `--json`.
struct TensorReport {
    private let tensor: TensorModel.Tensor
    private let inspection: TensorInspection

    /// Takes a tensor, and what its numbers are like.
    init(_ tensor: TensorModel.Tensor, _ inspection: TensorInspection) {
        self.tensor = tensor
        self.inspection = inspection
    }

    /// Numbers in words, and a histogram in bars that fit `width`.
    func text(width: Int) -> String {
        let summary = inspection.summary
        var text = "\(tensor.name): \(InspectReport.shape(tensor.shape)), \(tensor.type.name), "
        text += "\(ByteCount.text(tensor.bytes.count)) at \(tensor.bytes.lowerBound)\n"
        text +=
            "\(Counted.text(summary.count, "number")): \(summary.zeroCount) zero, \(summary.nanCount) not a number, "
        text += "\(summary.infiniteCount) infinite\n"
        guard summary.finiteCount > 0 else { return text }
        text += "from \(Figure.text(Double(summary.minimum))) to \(Figure.text(Double(summary.maximum))), "
        text += "mean \(Figure.text(summary.mean)), deviation \(Figure.text(summary.standardDeviation)), "
        text += "root mean square \(Figure.text(summary.rootMeanSquare))\n"
        guard let histogram = inspection.histogram else { return text }
        return text + "\n" + bars(histogram, width: width)
    }

    private func bars(_ histogram: Histogram, width: Int) -> String {
        let most = max(1, histogram.counts.max() ?? 1)
        let labels = histogram.counts.indices.map { Figure.text(histogram.start(of: $0), digits: 3) }
        let labelWidth = labels.map(\.count).max() ?? 0
        let countWidth = String(most).count
        let room = max(10, min(width, 100) - labelWidth - countWidth - 4)
        return zip(labels, histogram.counts).map { label, count in
            let bar = String(repeating: "█", count: (count * room + most - 1) / most)
            return String(repeating: " ", count: labelWidth - label.count) + label + "  "
                + String(repeating: " ", count: countWidth - String(count).count) + "\(count)  \(bar)\n"
        }.joined()
    }

    /// The object that `--json` has.
    var json: JSON {
        let summary = inspection.summary
        var members = InspectReport.json(tensor).members ?? []
        members += [
            .init("count", .integer(summary.count)), .init("zeros", .integer(summary.zeroCount)),
            .init("nan", .integer(summary.nanCount)), .init("infinite", .integer(summary.infiniteCount)),
            .init("min", .number(Double(summary.minimum))), .init("max", .number(Double(summary.maximum))),
            .init("mean", .number(summary.mean)), .init("std", .number(summary.standardDeviation)),
            .init("rms", .number(summary.rootMeanSquare)),
        ]
        if let histogram = inspection.histogram {
            members.append(
                .init(
                    "histogram",
                    [
                        "from": .number(Double(histogram.lower)), "to": .number(Double(histogram.upper)),
                        "counts": .array(histogram.counts.map(JSON.integer)),
                    ]))
        }
        return .object(members)
    }
}
