"""The models of the former returns service, over the shop's tables."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ported.db import Base


class ReturnOrder(Base):
    __tablename__ = "store_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int]
    status: Mapped[str]
    placed_at: Mapped[datetime]
    note: Mapped[str]
    lines: Mapped[list["ReturnLine"]] = relationship(back_populates="order", order_by="ReturnLine.id")


class ReturnLine(Base):
    __tablename__ = "store_orderline"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("store_order.id"))
    product_id: Mapped[int]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    order: Mapped[ReturnOrder] = relationship(back_populates="lines")
