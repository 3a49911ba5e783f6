import Conversion
import Formats
import Manifests
import Tensors

/// What is pruned of a model, and by which scores.
struct Pruning: Sendable {
    /// Which weights of a row become zero.
    let sparsity: Sparsity
    /// Tensors that are pruned though they are usually kept.
    var named: [String] = []
    /// The importance of columns; `nil` where the absolute value alone decides.
    var imatrix: ImatrixFile?

    /// Whether a tensor is pruned.
    func takes(_ name: String, shape: [Int], dtype: DType) -> Bool {
        PrunableTensor.isPruned(name, shape: shape, dtype: dtype, named: named)
            && sparsity.fits(rowLength: shape.last ?? 1)
    }

    /// The roots of the importance of a tensor's columns; empty where the matrix has none that fits.
    func roots(of name: String, columns: Int) throws -> [Double] {
        guard let imatrix else { return [] }
        let known = HuggingFaceName(name)
        for candidate in known.candidates {
            guard let entry = imatrix.matrix.entries[ExactName(candidate)] else { continue }
            let values = try imatrix.values(of: entry)
            let expert = known.expert ?? 0
            let (start, overflow) = expert.multipliedReportingOverflow(by: columns)
            let hasPart =
                known.expert != nil && expert >= 0 && !overflow && columns <= values.count
                && start <= values.count - columns
            guard values.count == columns || hasPart else {
                throw Diagnostics(
                    Diagnostic(
                        code: .imatrixUnusable,
                        "the importance matrix does not fit: it has \(values.count) values for \(candidate), and "
                            + "\(name) has \(columns) columns",
                        fix: "use the matrix that was made from this model"))
            }
            let first = values.count == columns ? 0 : start
            return values[first..<first + columns].map { Double(max(0, $0)).squareRoot() }
        }
        return []
    }

    /// Makes sure that there is something to prune, and that everything that is named is.
    /// - Parameter tensors: all of the model.
    /// - Returns: what is to be told of matrices that are kept because of their rows.
    func check(
        _ tensors: [(name: String, shape: [Int], dtype: DType)], of model: String
    ) throws(Diagnostics) -> [Diagnostic] {
        for wanted in named {
            guard let tensor = tensors.first(where: { $0.name.hasSameBytes(as: wanted) }) else {
                throw Diagnostics(
                    Diagnostic(
                        code: .pruneImpossible,
                        "\(model): there is no tensor \(wanted.quotedForMessage) to prune",
                        fix: "take a name that knapsack inspect shows, such as lm_head.weight"))
            }
            guard takes(tensor.name, shape: tensor.shape, dtype: tensor.dtype) else {
                throw Diagnostics(
                    Diagnostic(
                        code: .pruneImpossible,
                        "\(model): \(wanted.quotedForMessage) of shape \(tensor.shape) and type "
                            + "\(tensor.dtype.rawValue) cannot be pruned by \(sparsity.text)",
                        fix: "name matrices of floating-point numbers whose rows divide into its groups"))
            }
        }
        let prunable = tensors.filter {
            PrunableTensor.isPruned($0.name, shape: $0.shape, dtype: $0.dtype, named: named)
        }
        let kept = prunable.filter { !sparsity.fits(rowLength: $0.shape.last ?? 1) }
        guard kept.count < prunable.count else {
            throw Diagnostics(
                Diagnostic(
                    code: .pruneImpossible,
                    prunable.isEmpty
                        ? "\(model): there is nothing to prune: no matrix of a block has numbers of f16, bf16 or f32"
                        : "\(model): there is nothing to prune: no rows divide into the groups of \(sparsity.text)",
                    fix: prunable.isEmpty
                        ? "take a language model with safetensors that nobody quantized"
                        : "prune a part of every row: 0.5"))
        }
        guard let first = kept.first else { return [] }
        return [
            Diagnostic(
                code: .pruneRows,
                "\(model): not pruned, as its rows do not divide into the groups of \(sparsity.text): "
                    + "\(Counted.text(kept.count, "tensor"))",
                notes: ["such as \(first.name.quotedForMessage) of shape \(first.shape)"])
        ]
    }

    /// Makes sure that the model's matrices are stored as rows of what one output is computed from.
    static func check(_ config: JSON?, _ name: String) throws(Diagnostics) {
        guard let type = config?["model_type"]?.string, PrunableTensor.transposedModels.containsExactly(type)
        else { return }
        throw Diagnostics(
            Diagnostic(
                code: .pruneTransposed,
                "\(name): the matrices of \(type) are stored with a column for each output, and cannot be pruned",
                fix: "take another model, or quantize this one"))
    }
}
