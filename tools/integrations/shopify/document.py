"""The GraphQL documents that Shopify is asked with; what is read of each thing is named once."""

MONEY = "{ shopMoney { amount currencyCode } }"
# A list costs points by what it could hold, so an order in one has fewer lines than an order alone.
ORDER = f"""
  id legacyResourceId name createdAt updatedAt cancelledAt cancelReason closed note tags email
  displayFinancialStatus displayFulfillmentStatus currentTotalPriceSet {MONEY} customer {{ id displayName }}
"""
LINE = f"id name sku quantity currentQuantity unfulfilledQuantity refundableQuantity originalUnitPriceSet {MONEY}"
ORDER_ROW = f"{ORDER} lineItems(first: 8) {{ nodes {{ {LINE} }} }}"
FULFILLMENT = "id status createdAt trackingInfo(first: 3) { company number }"
ORDER_WHOLE = f"""
  {ORDER} shippingLine {{ title }} shippingAddress {{ formatted(withName: true) }}
  fulfillments(first: 20) {{ {FULFILLMENT} }} lineItems(first: 100) {{ nodes {{ {LINE} }} }}
"""
PRODUCT = """
  id legacyResourceId title handle status vendor tags descriptionHtml totalInventory updatedAt
"""
PRODUCT_ROW = f"{PRODUCT} variants(first: 8) {{ nodes {{ id title sku price inventoryQuantity }} }}"
PRODUCT_WHOLE = f"{PRODUCT} variants(first: 100) {{ nodes {{ id title sku price inventoryQuantity }} }}"
VARIANT = """
  id legacyResourceId title displayName sku price inventoryQuantity updatedAt product { id legacyResourceId status }
  inventoryItem { id inventoryLevels(first: 20) { nodes {
    location { id name isActive } quantities(names: ["available"]) { name quantity }
  } } }
"""
CUSTOMER = """
  id legacyResourceId displayName note tags numberOfOrders updatedAt amountSpent { amount currencyCode }
  defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber }
"""
DRAFT = f"""
  id legacyResourceId name status note2 tags email createdAt updatedAt invoiceUrl invoiceSentAt
  totalPriceSet {MONEY} customer {{ id displayName }} appliedDiscount {{ value valueType }}
  lineItems(first: 100) {{ nodes {{ name sku quantity originalUnitPriceSet {MONEY} variant {{ id }} }} }}
"""
REFUND = f"""
  id legacyResourceId note createdAt totalRefundedSet {MONEY} order {{ id legacyResourceId name }}
  refundLineItems(first: 100) {{ nodes {{ quantity lineItem {{ id }} }} }}
  transactions(first: 10) {{ nodes {{ status }} }}
"""
DISCOUNT = """
  id codeDiscount { ... on DiscountCodeBasic {
    title summary status createdAt startsAt endsAt usageLimit codes(first: 1) { nodes { code } }
    customerGets { value { ... on DiscountPercentage { percentage } ... on DiscountAmount { amount { amount currencyCode } } } }
    minimumRequirement { ... on DiscountMinimumSubtotal { greaterThanOrEqualToSubtotal { amount currencyCode } } }
  } }
"""  # noqa: E501


def _pages(name: str, nodes: str, sort: str = "", newest_first: bool = True) -> str:
    """A query of a connection by `$first`, `$after`, `$query`."""
    order = f", sortKey: {sort}, reverse: {str(newest_first).lower()}" if sort else ""
    return (
        f"query ($first: Int = 25, $after: String, $query: String) {{ {name}(first: $first, after: $after,"
        f" query: $query{order}) {{ nodes {{ {nodes} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )


def _one(name: str, fields: str) -> str:
    return f"query ($id: ID!) {{ {name}(id: $id) {{ {fields} }} }}"


def _mutation(
    name: str, variables: str, arguments: str, answer: str, errors: str = "userErrors { field message }"
) -> str:
    return f"mutation ({variables}) {{ {name}({arguments}) {{ {answer} {errors} }} }}"


def _keyed(name: str, kind: str, answer: str, errors: str) -> str:
    """A mutation that carries a key of its own, so that it has one effect however often it arrives."""
    return (
        f"mutation ($input: {kind}!, $key: String!) {{ {name}(input: $input) @idempotent(key: $key)"
        f" {{ {answer} {errors} }} }}"
    )


SHOP = "query { shop { id name myshopifyDomain currencyCode } }"
ORDERS = _pages("orders", ORDER_ROW, "CREATED_AT")
CHANGED_ORDERS = _pages("orders", ORDER_ROW, "UPDATED_AT", newest_first=False)
PRODUCTS = _pages("products", PRODUCT_ROW, "RELEVANCE", newest_first=False)
CHANGED_PRODUCTS = _pages("products", PRODUCT_ROW, "UPDATED_AT", newest_first=False)
TITLES = _pages("products", "id title handle status", "TITLE", newest_first=False)
VARIANTS = _pages("productVariants", VARIANT)
OFFERED = _pages(
    "products", "title variants(first: 50) { nodes { id displayName sku price } }", "TITLE", newest_first=False
)
CUSTOMERS = _pages("customers", CUSTOMER, "UPDATED_AT")
LOCATIONS = """
  query ($first: Int = 50, $after: String) {
    locations(first: $first, after: $after) { nodes { id name isActive } pageInfo { hasNextPage endCursor } }
  }
"""
DRAFTS = _pages("draftOrders", DRAFT, "UPDATED_AT")
DISCOUNTS = _pages("codeDiscountNodes", DISCOUNT, "CREATED_AT")
GET_ORDER = _one("order", ORDER_WHOLE)
GET_PRODUCT = _one("product", PRODUCT_WHOLE)
GET_CUSTOMER = _one("customer", CUSTOMER)
GET_DRAFT = _one("draftOrder", DRAFT)
GET_REFUND = _one("refund", REFUND)
GET_REFUNDS = _one("order", f"refunds(first: 10) {{ {REFUND} }}")
GET_DISCOUNT = _one("codeDiscountNode", DISCOUNT)
GET_OPEN = _one(
    "order",
    "fulfillmentOrders(first: 5) { nodes { id status lineItems(first: 100) { nodes { id remainingQuantity"
    " lineItem { id } } } } }",
)
SUGGEST_REFUND = f"""
  query ($id: ID!, $full: Boolean, $lines: [RefundLineItemInput!], $shipping: Boolean) {{ order(id: $id) {{
    suggestedRefund(suggestFullRefund: $full, refundLineItems: $lines, refundShipping: $shipping) {{
      amountSet {MONEY} suggestedTransactions {{ gateway amountSet {MONEY} parentTransaction {{ id }} }}
    }}
  }} }}
"""

FULFILL = _mutation("fulfillmentCreate", "$input: FulfillmentInput!", "fulfillment: $input",
                    "fulfillment { id order { id } }")  # fmt: skip
CANCEL_FULFILLMENT = _mutation("fulfillmentCancel", "$id: ID!", "id: $id", "fulfillment { id status }")
UPDATE_PRODUCT = _mutation("productUpdate", "$input: ProductUpdateInput!", "product: $input",
                           f"product {{ {PRODUCT_WHOLE} }}")  # fmt: skip
UPDATE_PRICES = _mutation(
    "productVariantsBulkUpdate", "$id: ID!, $variants: [ProductVariantsBulkInput!]!",
    "productId: $id, variants: $variants", "product { id }",
)  # fmt: skip
ADJUST = _keyed(
    "inventoryAdjustQuantities", "InventoryAdjustQuantitiesInput",
    "inventoryAdjustmentGroup { id changes { name delta quantityAfterChange } }", "userErrors { field message code }",
)  # fmt: skip
CREATE_DRAFT = _mutation("draftOrderCreate", "$input: DraftOrderInput!", "input: $input", f"draftOrder {{ {DRAFT} }}")
SEND_INVOICE = _mutation("draftOrderInvoiceSend", "$id: ID!", "id: $id", f"draftOrder {{ {DRAFT} }}")
DELETE_DRAFT = _mutation("draftOrderDelete", "$id: ID!", "input: {id: $id}", "deletedId")
CANCEL_ORDER = _mutation(
    "orderCancel",
    "$id: ID!, $reason: OrderCancelReason!, $restock: Boolean!, $notify: Boolean, $back: OrderCancelRefundMethodInput",
    "orderId: $id, reason: $reason, restock: $restock, notifyCustomer: $notify, refundMethod: $back",
    "job { id done }", "orderCancelUserErrors { field message code }",
)  # fmt: skip
CREATE_REFUND = _keyed("refundCreate", "RefundInput", f"refund {{ {REFUND} }}", "userErrors { field message }")
CREATE_DISCOUNT = _mutation("discountCodeBasicCreate", "$input: DiscountCodeBasicInput!", "basicCodeDiscount: $input",
                            f"codeDiscountNode {{ {DISCOUNT} }}")  # fmt: skip
DELETE_DISCOUNT = _mutation("discountCodeDelete", "$id: ID!", "id: $id", "deletedCodeDiscountId")
