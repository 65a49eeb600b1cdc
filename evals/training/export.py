"""From the network to what ships: the encoder as one fused graph in int8, and the heads as arrays.

The graph is written with onnxruntime's fused operators at once, so no framework has to trace and fuse it.
Before quantising, each product's inputs are eased: divided by the channel's usual peak, the weights multiplied
by it, which leaves the product as it was and spares eight bits the outliers (SmoothQuant, arXiv 2211.10438).
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from agent.local.encoder import WEIGHTS, Encoder
from agent.local.head import Heads
from evals.training.net import Net, Table

HERE = Path(__file__).parent
LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12
EASE = 0.75  # the best of 0.5 to 0.9 on the sentences
FLOAT = TensorProto.FLOAT
Weights = dict[str, NDArray[np.float32]]


def rename(origin: Weights) -> Weights:
    """The weights as the fused operators want them: transposed, query, key and value side by side."""
    embeddings = "embeddings."
    weights = {
        "words": origin[embeddings + "word_embeddings.weight"],
        # Every token is of type 0, so its embedding is added to the positions once and for all.
        "positions": origin[embeddings + "position_embeddings.weight"]
        + origin[embeddings + "token_type_embeddings.weight"][0],
        "gamma": origin[embeddings + "LayerNorm.weight"],
        "beta": origin[embeddings + "LayerNorm.bias"],
    }
    for layer in range(LAYERS):
        block, name = f"encoder.layer.{layer}.", f"layer{layer}."
        three = [f"{block}attention.self.{part}." for part in ("query", "key", "value")]
        weights[name + "qkv"] = np.concatenate([origin[part + "weight"].T for part in three], axis=1)
        weights[name + "qkv_bias"] = np.concatenate([origin[part + "bias"] for part in three])
        weights[name + "inner"] = origin[block + "intermediate.dense.weight"].T
        weights[name + "inner_bias"] = origin[block + "intermediate.dense.bias"]
        for ours, theirs in (("attended", "attention.output."), ("output", "output.")):
            weights[name + ours] = origin[block + theirs + "dense.weight"].T
            weights[name + ours + "_bias"] = origin[block + theirs + "dense.bias"]
            weights[name + ours + "_gamma"] = origin[block + theirs + "LayerNorm.weight"]
            weights[name + ours + "_beta"] = origin[block + theirs + "LayerNorm.bias"]
    return weights


def fused(kind: str, inputs: list[str], output: str, **attributes: float) -> NodeProto:
    return helper.make_node(kind, inputs, [output], name=output, domain="com.microsoft", **attributes)


def multiplied(values: str, weight: str) -> NodeProto:
    return helper.make_node("MatMul", [values, weight], [weight + "_product"], name=weight + "_product")


def normalised(name: str, skip: str, target: str) -> NodeProto:
    """Layer norm over product + bias + what skipped the layer."""
    inputs = [name + "_product", skip, name + "_gamma", name + "_beta", name + "_bias"]
    return fused("SkipLayerNormalization", inputs, target, epsilon=EPSILON)


def nodes() -> Iterator[NodeProto]:
    inputs = ["input_ids", "", "words", "positions", "", "gamma", "beta"]
    yield helper.make_node(
        "EmbedLayerNormalization",
        inputs,
        ["state0", "unused"],
        name="state0",
        domain="com.microsoft",
        epsilon=EPSILON,
    )
    for layer in range(LAYERS):
        name, state = f"layer{layer}.", f"state{layer}"
        after = f"state{layer + 1}" if layer + 1 < LAYERS else "last_hidden_state"
        yield fused(
            "Attention",
            [state, name + "qkv", name + "qkv_bias", "attention_mask"],
            name + "attention",
            num_heads=HEADS,
        )
        yield multiplied(name + "attention", name + "attended")
        yield normalised(name + "attended", state, name + "between")
        yield multiplied(name + "between", name + "inner")
        yield fused("BiasGelu", [name + "inner_product", name + "inner_bias"], name + "active")
        yield multiplied(name + "active", name + "output")
        yield normalised(name + "output", name + "between", after)


def write_graph(weights: Weights, target: Path) -> None:
    shape = ["batch", "length"]
    graph = helper.make_graph(
        list(nodes()),
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("last_hidden_state", FLOAT, [*shape, WIDTH])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(target))


def products(model: onnx.ModelProto) -> list[NodeProto]:
    """The nodes that multiply their first input by the weights that are their second."""
    return [node for node in model.graph.node if node.op_type in ("Attention", "MatMul")]


def peaks(source: Path, encoder: Encoder, texts: list[str]) -> Weights:
    """The largest magnitude in each channel of each product's input over the texts."""
    model = onnx.load(str(source))
    names = sorted({node.input[0] for node in products(model)})
    model.graph.output.extend(helper.make_tensor_value_info(name, FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    found: Weights = {}
    for text in texts:
        ids = np.array([encoder.tokenizer.encode(text).ids], np.int32)
        values = session.run(names, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        for name, value in zip(names, values, strict=True):
            found[name] = np.maximum(found.get(name, np.float32(1e-3)), np.abs(value[0]).max(0))
    return found


def ease(source: Path, peak: Weights, target: Path) -> None:
    model = onnx.load(str(source))
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in products(model):
        state, name = node.input[:2]
        factor = peak[state] ** EASE / np.maximum(np.abs(weights[name]).max(1), 1e-3) ** (1 - EASE)
        weights[name] = weights[name] * factor[:, None]
        weights[name + "_ease"] = 1 / factor
        node.input[0] = name + "_eased"
        before = helper.make_node("Mul", [state, name + "_ease"], [name + "_eased"], name=name + "_eased")
        model.graph.node.insert(list(model.graph.node).index(node), before)
    del model.graph.initializer[:]
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in weights.items())
    onnx.save(model, str(target))


def quantise(source: Path, target: Path) -> None:
    """int8 weights; activations are scaled at run time. Seven bits, so that processors without VNNI agree."""
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        extra_options={"DefaultTensorType": FLOAT},
    )


def export(net: Net, table: Table, folder: Path = WEIGHTS) -> Heads:
    """Write the network's encoder as `encoder.onnx`, and give its heads."""
    sentences = (HERE / "sentences.txt").read_text(encoding="utf-8").splitlines()
    state = {name: value.float().numpy() for name, value in net.encoder.state_dict().items()}
    with tempfile.TemporaryDirectory() as place:
        full = Path(place, "encoder.onnx")
        write_graph(rename(state), full)
        (Path(place) / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
        eased = Path(place, "eased.onnx")
        ease(full, peaks(full, Encoder(full.parent), sentences), eased)
        quantise(eased, folder / "encoder.onnx")
    return heads(net, table)


def heads(net: Net, table: Table) -> Heads:
    """The heads' weights as arrays."""
    with torch.no_grad():
        rows = net.labels()
        part = {"own": net.own, "bias": net.bias, "rows": rows, "by_name": net.by_name.weight, "param": net.param.weight,
                "word": net.word.weight, "word_bias": net.word.bias, "out": net.out.weight, "out_bias": net.out.bias,
                "edge": net.edge.weight, "edge_bias": net.edge.bias, "cue": net.cue.weight, "cue_bias": net.cue.bias,
                "options": net.options(), "value": net.value.weight, "by_value_name": net.by_value_name.weight,
                "unsaid": net.unsaid, "unsaid_by_name": net.unsaid_by_name}  # fmt: skip
        arrays = {name: value.float().numpy().copy() for name, value in part.items()}
        scale = float(net.scale)
    names: dict[str, int] = {}
    for (_, name), place in zip(table.params, table.names, strict=True):
        names.setdefault(name, place)
    params = {f"{tool}.{name}": k for (tool, name), k in table.params.items()}
    values = {f"{tool}.{name}={value}": k for (tool, name), said in table.choices.items() for value, k in said}
    shared = {f"{name}={value}": table.value_names[k] for (_, name), said in table.choices.items() for value, k in said}
    return Heads(scale, table.tools, params, names, values, shared, **arrays)
