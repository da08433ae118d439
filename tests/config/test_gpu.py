"""A GPU is refused without torch only where torch would find none."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from study.config import gpu
from study.errors import InvalidInput


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_other_devices_pass(device: str) -> None:
    gpu.check_device(device)


def test_it_never_contradicts_torch() -> None:
    try:
        gpu.check_device("cuda")
    except InvalidInput:
        assert not torch.cuda.is_available()


@pytest.mark.skipif(torch.version.cuda is not None, reason="this torch is built for CUDA")
def test_a_torch_without_gpus_is_refused_without_importing_it() -> None:
    code = (
        "import sys\n"
        "from study.errors import InvalidInput\n"
        "from study.config.gpu import check_device\n"
        "try:\n"
        "    check_device('cuda')\n"
        "except InvalidInput as error:\n"
        "    print(error, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == (
        f"device must be one that is here, got 'cuda', but torch {torch.__version__} is built without GPUs; "
        "write device=cpu False\n"
    )


@pytest.mark.parametrize(("driver", "refused"), [("libcuda_of_no_machine.so.1", True), ("libc.so.6", False)])
def test_a_torch_for_cuda_is_refused_where_there_is_no_driver(
    driver: str, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build for CUDA, and a library that does or does not load in the driver's place."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "torch" / "version.py").write_text("__version__ = '9.9'\ncuda = '13.0'\nhip = None\n")
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "from study.config import gpu\n"
        f"gpu._DRIVER[sys.platform] = {driver!r}\n"
        "try:\n"
        "    gpu.check_device('cuda')\n"
        "except gpu.InvalidInput as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    assert (f"there is no driver ({driver})" in done.stdout) is refused
