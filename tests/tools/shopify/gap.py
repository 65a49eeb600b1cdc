"""What the vendor's schema, as it was trimmed, lacks."""

# The schema was cut down to some thirty root fields, and fields whose types fell away went with them. These are of the
# same API (version 2026-07) as its reference documents them: taking back a fulfilment, a draft or a code, what Shopify
# itself suggests to refund, and what a discount takes off.
SCHEMA = """
extend type Mutation {
  fulfillmentCancel(id: ID!): FulfillmentCancelPayload
  draftOrderDelete(input: DraftOrderDeleteInput!): DraftOrderDeletePayload
  discountCodeDelete(id: ID!): DiscountCodeDeletePayload
}
type FulfillmentCancelPayload { fulfillment: Fulfillment userErrors: [UserError!]! }
input DraftOrderDeleteInput { id: ID! }
type DraftOrderDeletePayload { deletedId: ID userErrors: [UserError!]! }
type DiscountCodeDeletePayload { deletedCodeDiscountId: ID userErrors: [DiscountUserError!]! }

extend type Order {
  suggestedRefund(
    refundLineItems: [RefundLineItemInput!] refundShipping: Boolean shippingAmount: Money suggestFullRefund: Boolean
  ): SuggestedRefund
}
type SuggestedRefund { amountSet: MoneyBag! suggestedTransactions: [SuggestedOrderTransaction!]! }
type SuggestedOrderTransaction { amountSet: MoneyBag! gateway: String parentTransaction: OrderTransaction }

extend type DraftOrder { appliedDiscount: DraftOrderAppliedDiscount }
type DraftOrderAppliedDiscount { value: Float! valueType: DraftOrderAppliedDiscountType! }

extend type DiscountCustomerGets { value: DiscountCustomerGetsValue! }
union DiscountCustomerGetsValue = DiscountAmount | DiscountPercentage
type DiscountAmount { amount: MoneyV2! appliesOnEachItem: Boolean! }
type DiscountPercentage { percentage: Float! }
extend type DiscountCodeBasic { minimumRequirement: DiscountMinimumRequirement }
union DiscountMinimumRequirement = DiscountMinimumSubtotal
type DiscountMinimumSubtotal { greaterThanOrEqualToSubtotal: MoneyV2! }
"""
