package import Fitting
import Formats
package import Manifests
package import Tensors

/// A model whose types were chosen so that the file is within a budget and the weighted error is least.
package struct FitPlan: Sendable {
    /// What is asked for.
    package struct Request: Sendable {
        /// The output, the matrix, overrides, and pins: rules and options of types. The type is the plan's to find.
        package var quantization: Quantizer.Request
        /// How large the file may be.
        package var budget: FitBudget
        /// The bytes of a file that is used with it, such as a projector, and is within the budget, too, unless that is
        /// of the weights' bits.
        package var besideSize = 0
        /// What may not be chosen.
        package var constraints = FitConstraints()
        /// After how many sums the solver stops.
        package var effort = ChoiceProblem.usualEffort

        /// Asks for a fit within a budget.
        package init(_ quantization: Quantizer.Request, budget: FitBudget) {
            self.quantization = quantization
            self.budget = budget
        }
    }

    /// A tensor that is quantized, and what became of it.
    package struct Row: Sendable {
        /// The tensor as it is.
        package let tensor: TensorDescription
        /// The type that it gets.
        package let type: GGMLType
        /// The bytes that it takes, with those that fill it up.
        package let size: Int
        /// The relative error of its output.
        package let error: Double
        /// How much that counts, in parts of ``RoleWeights/denominator``.
        package let weight: Int
        /// The error times the weight, in the solver's units.
        package let cost: Int
    }

    /// The writer of the file.
    package let quantizer: Quantizer
    /// The tensors that are quantized, in the order of the file.
    package let rows: [Row]
    /// What the file may have.
    package let budget: Int
    /// What the solver found; sizes are those of the tensors that are quantized.
    package let solution: ChoiceSolution
    /// The same as rules for llama-quantize.
    package let rules: TensorTypeFile
    /// How the weights were measured; `nil` where they are those of the table.
    package let calibration: Calibration?

    /// The sum of the weighted relative errors.
    package var error: Double { FitProblem.error(solution.cost) }

    /// What a lock holds of the choice.
    /// - Parameter front: what else could have been made.
    func record(_ front: FitFront) -> JSON {
        let members = [
            JSON.Member("bound", .integer(solution.bound)), JSON.Member("budget", .integer(budget)),
            JSON.Member("cost", .integer(solution.cost)),
            JSON.Member("size", .integer(quantizer.output.size)),
            JSON.Member(
                "types", .object(rows.map { JSON.Member($0.tensor.name, .string($0.type.name)) }.sortedByKey)),
            JSON.Member("weights", .integer(RoleWeights.version)),
        ]
        return .object((members + front.members).sortedByKey)
    }
}
