import Conversion
import Fitting
import Formats
import ModelFiles
import Tensors

/// What a fit chose, for people and for `--json`.
struct FitReport {
    /// What a mixture makes of the same model.
    struct Comparison {
        /// Its name.
        let name: String
        /// The bytes of its file.
        let size: Int
        /// Its weighted error in the solver's units; `nil` where a type cannot hold a tensor's numbers.
        let cost: Int?
        /// The types by the tensors' names.
        let types: [ExactName: GGMLType]

        /// Takes a mixture's plan of the fitted model.
        init(_ name: String, _ quantizer: Quantizer, _ model: FitModel) {
            self.name = name
            size = quantizer.output.size
            cost = model.cost(of: quantizer.plan)
            types = Dictionary(
                quantizer.plan.tensors.map { (ExactName($0.source.name), $0.type) },
                uniquingKeysWith: { first, _ in first })
        }
    }

    /// The relative error above which errors of tensors do not add any more: three bits and more have less.
    private static let greatError = 0.1

    private let plan: FitPlan
    private let model: FitModel
    private let comparison: Comparison?

    /// Takes a plan of a model, and what it is compared with.
    init(_ plan: FitPlan, of model: FitModel, comparison: Comparison?) {
        self.plan = plan
        self.model = model
        self.comparison = comparison
    }

    /// Every tensor with its type, its error and its part of the whole error.
    /// - Parameter hasBars: whether bits are drawn, too.
    func tensors(width: Int, hasBars: Bool) -> String {
        let most = plan.rows.map { $0.type.millibits }.max() ?? 1
        let rows = plan.rows.map { row in
            var cells = [
                row.tensor.name, row.tensor.type.name, row.type.name,
            ]
            if let comparison { cells.append(comparison.types[ExactName(row.tensor.name)]?.name ?? "") }
            cells += [
                ByteCount.text(row.size), Figure.text(row.error), share(row.cost),
            ]
            if hasBars { cells.append(BlockBar(whole: most, width: 12).text(row.type.millibits)) }
            return cells
        }
        var columns = [
            Table.Column(title: "TENSOR", canShrink: true, least: 25), .init(title: "FROM", dropRank: 3),
            .init(title: "TO"),
        ]
        if let comparison { columns.append(.init(title: comparison.name)) }
        columns += [
            .init(title: "SIZE", isNumber: true), .init(title: "ERROR", isNumber: true),
            .init(title: "SHARE", isNumber: true, dropRank: 2),
        ]
        if hasBars { columns.append(.init(title: "BITS", dropRank: 1)) }
        return Table(columns, rows: rows).text(width: width)
    }

    /// What each type has of the tensors, and with bars what of the bytes; without the newline at its end.
    func types(width: Int) -> String { QuantizationReport(plan.quantizer).types(width: width) }

    /// What each role weighs, and how that was measured; `nil` where nothing was.
    func calibration(width: Int) -> String? {
        guard let calibration = plan.calibration else { return nil }
        let rows = calibration.roles.map { role in
            [
                role.role, role.type, Figure.text(role.error), Figure.text(role.divergence),
                Self.weight(role.usual), Self.weight(role.weight),
            ]
        }
        let table = Table(
            [
                .init(title: "ROLE"), .init(title: "AS"), .init(title: "ERROR", isNumber: true),
                .init(title: "KL DIVERGENCE", isNumber: true), .init(title: "USUAL", isNumber: true),
                .init(title: "WEIGHT", isNumber: true),
            ], rows: rows
        ).text(width: width)
        return table + "\nall together \(Figure.text(calibration.predicted)) predicted, "
            + "\(Figure.text(calibration.together)) measured"
    }

    private static func weight(_ parts: Int) -> String {
        Figure.fixed(Double(parts) / Double(RoleWeights.denominator), digits: 2)
    }

    /// Budget, error, bound, and the comparison: a line each, without the newline at the end.
    var summary: String {
        let size = plan.quantizer.output.size
        var lines = [
            "budget \(plan.budget) bytes, \(size) used, \(plan.budget - size) left",
            "weighted error \(Figure.text(plan.error)) (\(weights)), "
                + (plan.solution.gap == 0
                    ? "proved to be the least"
                    : "at most \(Figure.text(FitProblem.error(plan.solution.gap))) above the least"),
        ]
        if plan.rows.allSatisfy({ $0.type == $0.tensor.type }) {
            lines.append("the budget has room for the model as it is: nothing is quantized")
        }
        if let comparison {
            let error = comparison.cost.map { Figure.text(FitProblem.error($0)) } ?? "unknown"
            lines.append(
                "\(comparison.name): \(comparison.size) bytes, weighted error \(error)")
        }
        let lost = plan.rows.count { $0.error > Self.greatError }
        if lost > 0 {
            lines.append(
                "\(Counted.text(lost, "tensor")) with an error above \(Figure.fixed(Self.greatError, digits: 2)): "
                    + "so large ones do not add, the model may be unusable")
        }
        return lines.joined(separator: "\n")
    }

    /// Where the weights are from.
    private var weights: String {
        plan.calibration == nil
            ? "roles' weights of version \(RoleWeights.version)" : "roles' weights measured"
    }

    /// Adds to the document of `--json`.
    func add(to session: Session) {
        session.add(
            "fit",
            [
                "budget": .integer(plan.budget), "weights": .integer(RoleWeights.version),
                "cost": .integer(plan.solution.cost), "bound": .integer(plan.solution.bound),
                "relaxation": .integer(plan.solution.relaxation), "gap": .integer(plan.solution.gap),
                "error": .number(plan.error),
                "base": .string(plan.rules.base.name), "capacity": .integer(model.capacity(for: plan.budget)),
                "rows": .array(
                    plan.rows.map { row in
                        [
                            "name": .string(row.tensor.name), "type": .string(row.type.name),
                            "size": .integer(row.size), "error": .number(row.error),
                            "weight": .number(Double(row.weight) / Double(RoleWeights.denominator)),
                            "cost": .integer(row.cost),
                        ]
                    }), "items": .array(model.problem().items.map(item)),
            ])
        if let calibration = plan.calibration { session.add("calibration", calibration.record) }
        if let comparison {
            session.add(
                "comparison",
                [
                    "type": .string(comparison.name), "size": .integer(comparison.size),
                    "cost": comparison.cost.map(JSON.integer) ?? .null,
                ])
        }
    }

    /// What could have been chosen for tensors that get one type.
    private func item(_ item: FitProblem.Item) -> JSON {
        [
            "tensors": .array(item.tensors.map { .string(model.tensors[$0].tensor.name) }),
            "options": .array(
                zip(item.types, item.options).map { type, option in
                    [
                        "type": .string(type.name), "size": .integer(option.size),
                        "cost": .integer(option.cost),
                    ]
                }),
        ]
    }

    private func share(_ cost: Int) -> String {
        guard plan.solution.cost > 0 else { return "" }
        let thousandths = Int((Double(cost) * 1000 / Double(plan.solution.cost)).rounded())
        return "\(thousandths / 10).\(thousandths % 10) %"
    }
}
