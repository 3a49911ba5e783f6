package import Conversion
package import Formats

/// The weights of roles as they were measured on one model: how much a relative error in the tensors of a role moves the
/// probabilities of the next token.
///
/// The linearity theorem (Malinovskii et al. 2024) has the divergence of a model grow with the sum of the tensors' relative
/// errors, each times a factor of its own. One role after the other is quantized, and the divergence that this alone makes
/// gives the factor. The factors are scaled so that all roles together weigh what they do in the table: budgets that are
/// shared with models that were not measured stay comparable.
package struct Calibration: Hashable, Sendable {
    /// One role, quantized alone.
    package struct Measurement: Hashable, Sendable {
        /// The role's name: ``RoleWeights/name(of:)``.
        package let role: String
        /// The type that its tensors had.
        package let type: String
        /// The sum of the relative errors of its tensors.
        package let error: Double
        /// The mean divergence that it made, in natural units.
        package let divergence: Double
        /// What it weighs in the table, in parts of ``RoleWeights/denominator``.
        package let usual: Int
        /// What it weighs, in the same parts.
        package fileprivate(set) var weight: Int

        /// States what was measured.
        package init(role: String, type: String, error: Double, divergence: Double, usual: Int) {
            (self.role, self.type, self.error) = (role, type, error)
            (self.divergence, self.usual) = (divergence, usual)
            weight = usual
        }
    }

    /// What a role may weigh at most.
    private static let greatest = 1024 * RoleWeights.denominator

    /// The roles, in the order of their names' bytes.
    package let roles: [Measurement]
    /// The divergence of the model in which all of them are quantized as they were alone.
    package let together: Double

    /// What is predicted for that: the sum of what each made alone.
    package var predicted: Double { roles.reduce(0) { $0 + max(0, $1.divergence) } }

    /// Fits the weights.
    /// - Returns: `nil` where nothing made any difference, so that there is nothing to weigh by.
    package init?(_ measured: [Measurement], together: Double) {
        let usual = measured.reduce(0) { $0 + $1.error * Double($1.usual) }
        let divergence = measured.reduce(0) { $0 + max(0, $1.divergence) }
        guard divergence > 1e-9, usual > 0, divergence.isFinite, usual.isFinite else { return nil }
        roles = measured.sorted { $0.role.precedesByBytes($1.role) }.map { one in
            var one = one
            let factor = one.error > 0 ? max(0, one.divergence) / one.error : 0
            let weight = min(Double(Self.greatest), factor * usual / divergence)
            one.weight = max(1, Int(weight.rounded()))
            return one
        }
        self.together = together
    }

    /// The weight of a role; `nil` where the model has none of it that could be quantized.
    package func weight(of role: TensorRole) -> Int? {
        let name = RoleWeights.name(of: role)
        return roles.first { $0.role.hasSameBytes(as: name) }?.weight
    }

    // MARK: Records

    /// What a lock holds.
    package var record: JSON {
        [
            "roles": .object(
                roles.map { role in
                    JSON.Member(
                        role.role,
                        [
                            "divergence": .number(role.divergence), "error": .number(role.error),
                            "type": .string(role.type), "usual": .integer(role.usual),
                            "weight": .integer(role.weight),
                        ])
                }), "together": .number(together),
        ]
    }

    /// Reads what ``record`` gives; `nil` where it is something else.
    package init?(record: JSON?) {
        func number(_ value: JSON?) -> Double? {
            switch value {
            case .number(let number)?: number.isFinite ? number : nil
            case .integer(let number)?: Double(number)
            default: nil
            }
        }
        guard let members = record?["roles"]?.members, !members.isEmpty,
            let together = number(record?["together"])
        else { return nil }
        var roles: [Measurement] = []
        for member in members {
            guard let error = number(member.value["error"]), let type = member.value["type"]?.string,
                let divergence = number(member.value["divergence"]),
                let usual = member.value["usual"]?.integer, let weight = member.value["weight"]?.integer,
                (1...Self.greatest).contains(weight), (1...Self.greatest).contains(usual), error >= 0
            else { return nil }
            var one = Measurement(
                role: member.key, type: type, error: error, divergence: divergence, usual: usual)
            one.weight = weight
            roles.append(one)
        }
        self.roles = roles
        self.together = together
    }
}
