import Conversion
import Fitting
import Formats
import Manifests
import Tensors

/// What else could have been made of a model: the best of every size, and fixed mixtures.
struct FitFront: Sendable {
    /// How many points the front has.
    private static let count = 24
    /// The mixtures that are shown beside it: the common ones from the most bits to the fewest.
    private static let mixtures = [
        "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q4_0", "Q3_K_M", "IQ3_M", "Q2_K", "IQ2_M",
    ]

    /// The points, of files, from the smallest.
    let points: [ChoiceProblem.Point]
    /// The mixtures' names, with their files' sizes and costs.
    let mixtures: [(name: String, point: ChoiceProblem.Point)]

    /// The mixtures that a model can be made to; what needs an importance matrix is left out where there is none.
    static func mixtures(of source: any TensorSource, _ request: Quantizer.Request) -> [(String, Quantizer)] {
        mixtures.compactMap { name in
            guard let type = try? QuantizationType(named: name) else { return nil }
            var request = request
            var options = QuantizationOptions(type: type)
            options.allowsRequantizing = request.options.allowsRequantizing
            request.options = options
            guard let quantizer = try? Quantizer(request, from: source), quantizer.problems.isEmpty else {
                return nil
            }
            return (name, quantizer)
        }
    }

    /// Takes a model and the mixtures that were measured with it.
    init(_ model: FitModel, _ mixtures: [(String, Quantizer)]) {
        let problem = model.problem()
        let overhead = -model.capacity(for: 0)
        points = ChoiceProblem(items: problem.options, capacity: 0).front(Self.count).map {
            ChoiceProblem.Point(size: $0.size + overhead, cost: $0.cost)
        }
        self.mixtures = mixtures.compactMap { name, quantizer in
            model.cost(of: quantizer.plan).map {
                (name, ChoiceProblem.Point(size: quantizer.output.size, cost: $0))
            }
        }
    }

    /// What a lock holds of it.
    var members: [JSON.Member] {
        func pair(_ point: ChoiceProblem.Point) -> JSON { [.integer(point.size), .integer(point.cost)] }
        return [
            JSON.Member("front", .array(points.map(pair))),
            JSON.Member(
                "mixtures", .object(mixtures.map { JSON.Member($0.name, pair($0.point)) }.sortedByKey)),
        ]
    }
}
