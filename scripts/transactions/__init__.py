# SPDX-License-Identifier: Apache-2.0
"""What scripts/count-transactions is made of: the cases, the model of each kernel, the banks of local memory, the estimates."""
