import Tensors
import Testing

@testable import Conversion

@Suite struct MixtureTests {
    @Test(arguments: MixtureFixture.models) func givesEveryTensorTheReferencesType(model: String) throws {
        let fixture = try MixtureFixture(model)
        #expect(fixture.sections.count == 33)
        let mock = try MockModel(model, fixture)
        var random = SplitMix64(state: 1)
        for section in fixture.sections {
            let type = try QuantizationType(named: section.name)
            #expect(type.base == section.base)
            let plan = try QuantizationPlan(
                tensors: (mock.tensors + mock.copied).shuffled(using: &random), traits: mock.traits,
                options: QuantizationOptions(type: type))
            var wrong: [String] = []
            for tensor in plan.tensors {
                let isQuantized = tensor.source.isQuantizable(in: mock.traits.architecture)
                let expected = isQuantized ? section.types[tensor.source.name] ?? section.base : .f32
                if tensor.type != expected {
                    wrong.append("\(tensor.source.name) \(tensor.type.name), not \(expected.name)")
                }
            }
            #expect(wrong.isEmpty, "\(section.name): \(wrong.prefix(5)) of \(wrong.count)")
            let names = Set(plan.tensors.map(\.source.name))
            #expect(section.types.keys.allSatisfy { names.contains($0) })
            #expect(plan.tensors.count { $0.source.isQuantizable(in: "") } == mock.tensors.count)
        }
    }
}
